using System.Globalization;
using System.Security.Cryptography;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Dashboard.Settings;

/// <summary>Who may look at the pages.</summary>
internal enum FrontendAuthMode
{
    /// <summary>Who knows the token.</summary>
    BrowserToken,

    /// <summary>Everyone who reaches the port.</summary>
    Unsecured,
}

/// <summary>Who may send telemetry.</summary>
internal enum OtlpAuthMode
{
    /// <summary>Everyone who reaches the port.</summary>
    Unsecured,

    /// <summary>Who sends one of the keys in <c>x-otlp-api-key</c>.</summary>
    ApiKey,
}

/// <summary>The balancer's addresses; null for what is not known.</summary>
/// <param name="Admin">Its status page.</param>
/// <param name="Front">Where clients call, balanced by request.</param>
/// <param name="Tcp">The same balanced by connection, without TLS.</param>
/// <param name="AdminKey">What changes by its status page's address ask for.</param>
internal sealed record BalancerAddresses(Uri? Admin, Uri? Front, Uri? Tcp, string? AdminKey);

/// <summary>What can be set. The names are those that Aspire's dashboard reads, so an app host of either kind can start this one.</summary>
/// <param name="ApplicationName">Stands in the header of every page.</param>
/// <param name="Frontend">Where the pages are served.</param>
/// <param name="OtlpGrpc">Where OTLP is taken over gRPC; null for nowhere.</param>
/// <param name="OtlpHttp">Where OTLP is taken over HTTP; null for nowhere.</param>
/// <param name="FrontendAuth">Who may look.</param>
/// <param name="BrowserToken">What has to be known.</param>
/// <param name="AllowedHosts">Names beside the loopback ones under which the pages may be asked for.</param>
/// <param name="OtlpAuth">Who may send.</param>
/// <param name="OtlpKeys">One or two keys, or none.</param>
/// <param name="ResourceService">Where the app host tells what it runs; null where there is none.</param>
/// <param name="ResourceServiceKey">What it wants to be told in turn.</param>
/// <param name="Balancer">Where the balancer is, if no app host tells.</param>
/// <param name="Home">The folder for what outlives the process.</param>
/// <param name="CertificateAuthority">A PEM file with the roots that the balancer's certificate is checked against; null for the machine's.</param>
/// <param name="Limits">How much is kept.</param>
internal sealed record DashboardOptions(
    string ApplicationName,
    IReadOnlyList<BindingAddress> Frontend,
    BindingAddress? OtlpGrpc,
    BindingAddress? OtlpHttp,
    FrontendAuthMode FrontendAuth,
    string BrowserToken,
    IReadOnlyList<string> AllowedHosts,
    OtlpAuthMode OtlpAuth,
    IReadOnlyList<string> OtlpKeys,
    Uri? ResourceService,
    string? ResourceServiceKey,
    BalancerAddresses Balancer,
    string Home,
    string? CertificateAuthority,
    TelemetryLimits Limits)
{
    private const string DefaultFrontend = "http://localhost:18888";
    private const string DefaultOtlpGrpc = "http://localhost:18889";
    private const string DefaultOtlpHttp = "http://localhost:18890";
    private const string OtlpGrpcUrl = "ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL";
    private const string OtlpHttpUrl = "ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL";
    private const string AllowAnonymous = "ASPIRE_DASHBOARD_UNSECURED_ALLOW_ANONYMOUS";

    /// <exception cref="ConfigurationException">A value cannot be used.</exception>
    public static DashboardOptions From(IConfiguration configuration)
    {
        string? Get(params string[] keys) => keys.Select(key => configuration[key]).FirstOrDefault(value => !string.IsNullOrWhiteSpace(value));
        BindingAddress? Address(string key, string? fallback) => (Get(key) ?? fallback) is { } url ? Parse(key, url) : null;

        var anonymous = Get(AllowAnonymous) switch
        {
            null => false,
            var text when bool.TryParse(text, out var value) => value,
            var text => throw new ConfigurationException(AllowAnonymous, text, "true or false"),
        };
        var frontendAuth = Choice("Dashboard:Frontend:AuthMode", Get("Dashboard:Frontend:AuthMode"), anonymous ? FrontendAuthMode.Unsecured : FrontendAuthMode.BrowserToken);
        string[] keys = [.. new[] { Get("Dashboard:Otlp:PrimaryApiKey"), Get("Dashboard:Otlp:SecondaryApiKey") }.OfType<string>()];
        var otlpAuth = Choice("Dashboard:Otlp:AuthMode", Get("Dashboard:Otlp:AuthMode"), keys.Length > 0 && !anonymous ? OtlpAuthMode.ApiKey : OtlpAuthMode.Unsecured);
        if (otlpAuth == OtlpAuthMode.ApiKey && Get("Dashboard:Otlp:PrimaryApiKey") is null)
            throw new ConfigurationException("Dashboard:Otlp:PrimaryApiKey", null, "a key, which Dashboard:Otlp:AuthMode 'ApiKey' asks for");

        // Addresses of their own are a sign of standing alone: whoever starts the dashboard for an app host names those that he means.
        var named = Get(OtlpGrpcUrl) is not null || Get(OtlpHttpUrl) is not null;
        return new DashboardOptions(
            Get("Dashboard:ApplicationName") ?? "RouteGuide",
            [.. (Get(WebHostDefaults.ServerUrlsKey) ?? DefaultFrontend).Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(url => Parse("ASPNETCORE_URLS", url))],
            Address(OtlpGrpcUrl, named ? null : DefaultOtlpGrpc),
            Address(OtlpHttpUrl, named ? null : DefaultOtlpHttp),
            frontendAuth,
            Get("Dashboard:Frontend:BrowserToken", "ASPIRE_DASHBOARD_FRONTEND_BROWSERTOKEN") ?? RandomNumberGenerator.GetHexString(32, lowercase: true),
            (Get("Dashboard:Frontend:AllowedHosts") ?? "").Split([';', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
            otlpAuth,
            keys,
            Service("Dashboard:ResourceServiceClient:Url", Get("Dashboard:ResourceServiceClient:Url", "ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL")),
            Get("Dashboard:ResourceServiceClient:ApiKey"),
            new BalancerAddresses(
                Service("Dashboard:Balancer:AdminUrl", Get("Dashboard:Balancer:AdminUrl")), Service("Dashboard:Balancer:Url", Get("Dashboard:Balancer:Url")),
                Service("Dashboard:Balancer:TcpUrl", Get("Dashboard:Balancer:TcpUrl")), Get("Dashboard:Balancer:AdminKey")),
            Path.Combine(Get("ROUTEGUIDE_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".routeguide"), "dashboard"),
            Get("ROUTEGUIDE_CA"),
            ReadLimits(Get));
    }

    private static TelemetryLimits ReadLimits(Func<string[], string?> get)
    {
        int Number(string name, int fallback)
        {
            var key = $"Dashboard:TelemetryLimits:{name}";
            return get([key]) switch
            {
                null => fallback,
                var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value is >= 1 and <= 10_000_000 => value,
                var text => throw new ConfigurationException(key, text, "a whole number from 1 to 10000000"),
            };
        }

        var defaults = new TelemetryLimits();
        return defaults with
        {
            Logs = Number("MaxLogCount", defaults.Logs),
            Traces = Number("MaxTraceCount", defaults.Traces),
            MetricPoints = Number("MaxMetricsCount", defaults.MetricPoints),
            Attributes = Number("MaxAttributeCount", defaults.Attributes),
            AttributeLength = Number("MaxAttributeLength", defaults.AttributeLength),
            Resources = Number("MaxResourceCount", defaults.Resources),
            SpansPerTrace = Number("MaxSpansPerTrace", defaults.SpansPerTrace),
        };
    }

    private static Uri? Service(string key, string? url) => url switch
    {
        null => null,
        _ when Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" => new Uri(url),
        _ => throw new ConfigurationException(key, url, "http://host:port or https://host:port"),
    };

    private static T Choice<T>(string key, string? text, T fallback)
        where T : struct, Enum => text switch
        {
            null => fallback,
            _ when Enum.TryParse<T>(text, ignoreCase: true, out var value) && Enum.IsDefined(value) && !char.IsAsciiDigit(text[0]) => value,
            _ => throw new ConfigurationException(key, text, string.Join(" or ", Enum.GetNames<T>())),
        };

    private static BindingAddress Parse(string key, string url)
    {
        try
        {
            var address = BindingAddress.Parse(url);
            if (address.Scheme is "http" or "https" && !address.IsUnixPipe && !address.IsNamedPipe && address.PathBase.Length == 0) return address;
        }
        catch (FormatException)
        {
            // Said below, with the name of the setting.
        }

        throw new ConfigurationException(key, url, "http://host:port or https://host:port");
    }
}
