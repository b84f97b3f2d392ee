using System.Net;
using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting.Dashboard;

/// <summary>Where the dashboard and what it speaks with listen, and the secrets that they share. Made once for each start.</summary>
internal sealed record DashboardSettings
{
    /// <summary>Whether there is a dashboard.</summary>
    public required bool IsEnabled { get; init; }

    /// <summary>Whether dashboards elsewhere may ask what runs: always with a dashboard, else where an address is set for it.</summary>
    public required bool ServesResources { get; init; }

    /// <summary>Where the dashboard listens: as asked for, else one address without a port.</summary>
    public required IReadOnlyList<Uri> Frontends { get; init; }

    /// <summary>Whether <see cref="Frontends"/> were asked for.</summary>
    public required bool IsFrontendAsked { get; init; }

    /// <summary>Where telemetry is taken over gRPC; port 0 lets the app host choose.</summary>
    public required Uri OtlpGrpc { get; init; }

    /// <summary>Where telemetry is taken over HTTP; port 0 lets the app host choose.</summary>
    public required Uri OtlpHttp { get; init; }

    /// <summary>Where the app host itself is asked what runs; port 0 lets it choose.</summary>
    public required Uri ResourceServiceUrl { get; init; }

    /// <summary>What people log in with.</summary>
    public required string BrowserToken { get; init; }

    /// <summary>What senders of telemetry show.</summary>
    public required string OtlpKey { get; init; }

    /// <summary>What dashboards show to the app host.</summary>
    public required string ResourceServiceKey { get; init; }

    /// <summary>Reads the settings.</summary>
    /// <param name="configuration">The app host's configuration.</param>
    /// <param name="isWanted">Whether a dashboard is to be had at all.</param>
    /// <exception cref="DistributedApplicationException">An address makes no sense, or is without TLS though nobody allowed that.</exception>
    public static DashboardSettings From(IConfiguration configuration, bool isWanted)
    {
        var asked = configuration["ASPNETCORE_URLS"] is { Length: > 0 } urls && isWanted
            ? urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(url => Address("ASPNETCORE_URLS", url, local: false)).ToArray()
            : [];
        var scheme = asked.FirstOrDefault()?.Scheme ?? Uri.UriSchemeHttps;
        var settings = new DashboardSettings
        {
            IsEnabled = isWanted,
            ServesResources = isWanted || Named(configuration, "RESOURCE_SERVICE") is not null,
            Frontends = asked is [] ? [new Uri("https://localhost")] : asked,
            IsFrontendAsked = asked is not [],
            OtlpGrpc = Named(configuration, "DASHBOARD_OTLP") ?? new Uri($"{scheme}://localhost:0"),
            OtlpHttp = Named(configuration, "DASHBOARD_OTLP_HTTP") ?? new Uri($"{scheme}://localhost:0"),
            ResourceServiceUrl = Named(configuration, "RESOURCE_SERVICE") ?? new Uri($"{scheme}://127.0.0.1:0"),
            BrowserToken = Secret(configuration, "AppHost:BrowserToken", "ASPIRE_DASHBOARD_FRONTEND_BROWSERTOKEN", "DOTNET_DASHBOARD_FRONTEND_BROWSERTOKEN"),
            OtlpKey = Secret(configuration, "AppHost:OtlpApiKey"),
            ResourceServiceKey = Secret(configuration, "AppHost:ResourceService:ApiKey"),
        };
        if (isWanted) settings.CheckTransport(configuration);
        return settings;
    }

    private void CheckTransport(IConfiguration configuration)
    {
        if (string.Equals(configuration["ASPIRE_ALLOW_UNSECURED_TRANSPORT"], "true", StringComparison.OrdinalIgnoreCase)) return;
        var open = Frontends.Take(1).Concat([OtlpGrpc, OtlpHttp, ResourceServiceUrl]).FirstOrDefault(url => url.Scheme != Uri.UriSchemeHttps);
        if (open is not null) throw new DistributedApplicationException($"The address '{Shown(open)}' of the dashboard is not https: use one that is, or set ASPIRE_ALLOW_UNSECURED_TRANSPORT to true.");
    }

    private static Uri? Named(IConfiguration configuration, string what)
    {
        foreach (var prefix in (string[])["ASPIRE", "DOTNET"])
        {
            var key = $"{prefix}_{what}_ENDPOINT_URL";
            if (configuration[key] is { Length: > 0 } url) return Address(key, url);
        }

        return null;
    }

    private static Uri Address(string key, string text, bool local = true)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.AbsolutePath != "/") throw new DistributedApplicationException($"{key} is '{text}': it must be an address such as https://localhost:{UsualPort.Number}.");
        if (local && !IsLocal(url.Host)) throw new DistributedApplicationException($"{key} is '{text}': it must be an address of this machine itself, such as https://localhost:{url.Port}.");
        return url;
    }

    /// <summary>Whether a host means this machine and nobody outside of it reaches it; names below <c>localhost</c> are such, too (RFC 6761, 6.3).</summary>
    private static bool IsLocal(string host) =>
        string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase)
        || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private static string Secret(IConfiguration configuration, params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
        {
            if (configuration[key] is { Length: > 0 } set) return set;
        }

        return RandomNumberGenerator.GetHexString(32, lowercase: true);
    }

    private static string Shown(Uri url) => url.GetLeftPart(UriPartial.Authority);
}
