using Microsoft.Extensions.Configuration;

namespace RouteGuide.ServiceDefaults;

/// <summary>
/// Where other services are, as an app host hands it over: <c>services__&lt;service&gt;__&lt;endpoint&gt;__&lt;n&gt;</c> in the
/// environment (the convention of .NET's service discovery). An address names a service in one of these ways:
/// <list type="bullet">
/// <item><c>https://name</c>, <c>http://name</c>: its endpoint of that scheme;</item>
/// <item><c>https+http://name</c>, or <c>name</c> alone: the first of these schemes that it has;</item>
/// <item><c>https://_endpoint.name</c>: its endpoint of that name.</item>
/// </list>
/// </summary>
public static class ServiceEndpoints
{
    private const string DefaultEndpoint = "default";

    /// <summary>The first address of a service's endpoint, or null where none is configured.</summary>
    /// <exception cref="ConfigurationException">It is not an absolute http or https address.</exception>
    public static Uri? Find(IConfiguration configuration, string service, string endpoint) => All(configuration, service, endpoint).FirstOrDefault();

    /// <summary>The addresses that an address stands for; empty where it names no service that is configured.</summary>
    /// <param name="configuration">Where services are found.</param>
    /// <param name="address">The address; a relative one is a service's name.</param>
    /// <exception cref="ConfigurationException">What is configured is not an absolute http or https address.</exception>
    public static IReadOnlyList<Uri> Resolve(IConfiguration configuration, Uri address)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(address);
        var (service, endpoints, path) = Read(address);
        var found = endpoints.Select(endpoint => All(configuration, service, endpoint)).FirstOrDefault(all => all.Count > 0) ?? [];
        return path == "/" ? found : [.. found.Select(uri => new Uri(uri, path))];
    }

    /// <summary>The settings that an address is looked for in, in this order: the first of each list.</summary>
    internal static IEnumerable<string> Keys(Uri address)
    {
        var (service, endpoints, _) = Read(address);
        return endpoints.Select(endpoint => Key(service, endpoint, 0));
    }

    /// <summary>An address that a channel can be opened to: one of those that <paramref name="address"/> stands for, else itself.</summary>
    /// <param name="configuration">Where services are found.</param>
    /// <param name="address">The address, in one of the forms above.</param>
    /// <exception cref="ConfigurationException">It names a service that is not configured and is no address by itself, or what is configured is none.</exception>
    public static Uri ResolveOne(IConfiguration configuration, Uri address)
    {
        var found = Resolve(configuration, address);
        if (found.Count > 0) return found[Random.Shared.Next(found.Count)];
        if (address.IsAbsoluteUri && address.Scheme is "http" or "https" && !address.Host.StartsWith('_')) return address;
        throw new ConfigurationException(
            $"services:{address.OriginalString}", address.OriginalString, "the address of a service that the configuration knows, such as services__name__https__0");
    }

    // The endpoints that an address may mean, in order; none where it cannot mean a service.
    private static (string Service, IEnumerable<string> Endpoints, string Path) Read(Uri address)
    {
        var (schemes, host, port, path) = address.IsAbsoluteUri
            ? (address.Scheme.Split('+'), address.Host, address.IsDefaultPort ? -1 : address.Port, address.PathAndQuery)
            : (["https", "http"], address.OriginalString, -1, "/");

        // Who names a port means that port.
        if (port >= 0 || host.Length == 0) return (host, [], path);
        return host.StartsWith('_') && host.IndexOf('.', StringComparison.Ordinal) is > 1 and var dot
            ? (host[(dot + 1)..], [host[1..dot]], path)
            : (host, schemes.Append(DefaultEndpoint), path);
    }

    private static string Key(string service, string endpoint, int n) => $"services:{service}:{endpoint}:{n}";

    private static List<Uri> All(IConfiguration configuration, string service, string endpoint)
    {
        var found = new List<Uri>();
        for (var n = 0; ; n++)
        {
            var key = Key(service, endpoint, n);
            if (configuration[key] is not { Length: > 0 } text) return found;
            found.Add(Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
                ? uri
                : throw new ConfigurationException(key, text, "an absolute http or https address"));
        }
    }
}
