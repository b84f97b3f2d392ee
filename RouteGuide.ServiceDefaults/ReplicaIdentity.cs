using Microsoft.Extensions.Configuration;

namespace RouteGuide.ServiceDefaults;

/// <summary>What this instance of a service is called, the same in telemetry, in the registry and in response headers.</summary>
/// <param name="Service">The service's name, for example <c>server</c>.</param>
/// <param name="Instance">What tells it from its siblings, for example <c>kqwjzmxa</c>.</param>
public sealed record ReplicaIdentity(string Service, string Instance)
{
    /// <summary><c>service-instance</c>.</summary>
    public string Name => $"{Service}-{Instance}";

    /// <summary>
    /// Reads <c>OTEL_SERVICE_NAME</c> and the attribute <c>service.instance.id</c> of <c>OTEL_RESOURCE_ATTRIBUTES</c>, which an app
    /// host sets for each replica; outside of one, the application's name and the process id.
    /// </summary>
    public static ReplicaIdentity From(IConfiguration configuration, string applicationName)
    {
        var service = configuration["OTEL_SERVICE_NAME"];
        var instance = (configuration["OTEL_RESOURCE_ATTRIBUTES"] ?? "")
            .Split(',', StringSplitOptions.TrimEntries)
            .Select(pair => pair.Split('=', 2))
            .FirstOrDefault(pair => pair is ["service.instance.id", not ""])?[1];
        return new ReplicaIdentity(
            string.IsNullOrWhiteSpace(service) ? applicationName : service,
            instance is null ? $"{Environment.ProcessId}" : Uri.UnescapeDataString(instance));
    }
}
