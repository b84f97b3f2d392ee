using Microsoft.Extensions.Configuration;

namespace RouteGuide.ServiceDefaults;

/// <summary>
/// Where other services are, as an app host hands it over: <c>services__&lt;service&gt;__&lt;endpoint&gt;__&lt;n&gt;</c> in the
/// environment (the convention of .NET's service discovery). The full resolver for HttpClient and gRPC channels comes later.
/// </summary>
public static class ServiceEndpoints
{
    /// <summary>The first address of a service's endpoint, or null where none is configured.</summary>
    /// <exception cref="ConfigurationException">It is not an absolute http or https address.</exception>
    public static Uri? Find(IConfiguration configuration, string service, string endpoint)
    {
        var key = $"services:{service}:{endpoint}:0";
        return configuration[key] switch
        {
            null or "" => null,
            var text when Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" => uri,
            var text => throw new ConfigurationException(key, text, "an absolute http or https address"),
        };
    }
}
