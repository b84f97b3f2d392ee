using System.Collections;

namespace Aspire.Hosting.Execution;

/// <summary>What children inherit of the app host's environment, and the roots they are to trust.</summary>
internal static class ChildEnvironment
{
    /// <summary>These speak to the app host itself: where its dashboard listens, what it is called. A child that took them for its own would listen there too.</summary>
    private static readonly string[] OwnVariables =
    [
        "ASPNETCORE_URLS", "DOTNET_URLS", "URLS",
        "ASPNETCORE_HTTP_PORTS", "ASPNETCORE_HTTPS_PORTS", "DOTNET_HTTP_PORTS", "DOTNET_HTTPS_PORTS", "HTTP_PORTS", "HTTPS_PORTS", "ASPNETCORE_HTTPS_PORT",
        "DOTNET_LAUNCH_PROFILE", "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES", ProcessTree.MarkVariable,
    ];

    private static readonly string[] OwnPrefixes = ["ASPIRE_", "DOTNET_DASHBOARD_", "DOTNET_RESOURCE_SERVICE_", "OTEL_EXPORTER_OTLP_", "AppHost__", "Parameters__", "MSBUILD"];

    /// <summary>Where the distributions keep the roots that OpenSSL trusts.</summary>
    private static readonly string[] WellKnownRoots = ["/etc/ssl/certs", "/etc/pki/tls/certs", "/usr/lib/ssl/certs", "/usr/local/share/certs", "/var/lib/ca-certificates/openssl"];

    /// <summary>The app host's environment without what speaks to the app host itself.</summary>
    public static Dictionary<string, string> Inherited()
    {
        var comparer = OperatingSystem.IsWindows() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;
        var environment = new Dictionary<string, string>(comparer);
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            var name = (string)variable.Key;
            if (OwnVariables.Contains(name, comparer) || OwnPrefixes.Any(p => name.StartsWith(p, StringComparison.OrdinalIgnoreCase))) continue;
            environment[name] = (string?)variable.Value ?? "";
        }

        return environment;
    }

    /// <summary><c>SSL_CERT_DIR</c> with one directory more: whoever sets it replaces the system's own roots, so these are named again.</summary>
    public static string RootsWith(string directory, string? existing)
    {
        IEnumerable<string> others = string.IsNullOrEmpty(existing) ? WellKnownRoots.Where(Directory.Exists) : existing.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return string.Join(Path.PathSeparator, new[] { directory }.Concat(others).Distinct());
    }
}
