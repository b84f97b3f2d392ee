using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Certificates;
using Aspire.Hosting.Execution;

namespace Aspire.Hosting.Dashboard;

/// <summary>The dashboard as one more program that the app host starts; lists leave it out.</summary>
internal sealed class DashboardResource : ExecutableResource
{
    public const string ResourceName = "aspire-dashboard";

    private readonly DashboardSettings _settings;
    private readonly List<(Uri Asked, EndpointAnnotation Endpoint)> _frontends = [];
    private readonly EndpointAnnotation _otlpGrpc;
    private readonly EndpointAnnotation _otlpHttp;

    public DashboardResource(DashboardProgram program, DashboardSettings settings, DevelopmentCertificates certificates, string applicationName, bool isShown, Func<Uri?> resourceService)
        : base(ResourceName, DotnetMuxer.Path, program.ContentRoot)
    {
        _settings = settings;
        Annotations.Add(new ResourceSnapshotAnnotation(new CustomResourceSnapshot { ResourceType = "Executable", Properties = [], IsHidden = !isShown }));
        Annotations.Add(new CommandLineArgsCallbackAnnotation(arguments =>
        {
            arguments.Add("exec");
            arguments.Add(program.Assembly);
        }));
        foreach (var asked in settings.Frontends)
        {
            var name = _frontends.Count == 0 ? asked.Scheme : $"{asked.Scheme}{_frontends.Count + 1}";
            _frontends.Add((asked, Endpoint(asked.Scheme, name, settings.IsFrontendAsked ? AskedPort(asked) : null)));
        }

        _otlpGrpc = Endpoint(settings.OtlpGrpc.Scheme, "otlp-grpc", AskedPort(settings.OtlpGrpc));
        _otlpHttp = Endpoint(settings.OtlpHttp.Scheme, "otlp-http", AskedPort(settings.OtlpHttp));
        Annotations.Add(new EnvironmentCallbackAnnotation((EnvironmentCallbackContext context) =>
        {
            var environment = context.EnvironmentVariables;
            environment["ASPNETCORE_URLS"] = string.Join(';', _frontends.Select(f => Authority(f.Asked, f.Endpoint)));
            environment["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = OtlpGrpc;
            environment["ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL"] = OtlpHttp;
            environment["DASHBOARD__APPLICATIONNAME"] = applicationName;
            environment["DASHBOARD__FRONTEND__AUTHMODE"] = "BrowserToken";
            environment["DASHBOARD__FRONTEND__BROWSERTOKEN"] = settings.BrowserToken;
            environment["DASHBOARD__OTLP__AUTHMODE"] = "ApiKey";
            environment["DASHBOARD__OTLP__PRIMARYAPIKEY"] = settings.OtlpKey;
            environment["DASHBOARD__RESOURCESERVICECLIENT__AUTHMODE"] = "ApiKey";
            environment["DASHBOARD__RESOURCESERVICECLIENT__APIKEY"] = settings.ResourceServiceKey;
            if (resourceService()?.GetLeftPart(UriPartial.Authority) is { } url)
            {
                environment["DASHBOARD__RESOURCESERVICECLIENT__URL"] = url;
                environment["ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL"] = url;
            }

            environment["Kestrel__Certificates__Default__Path"] = certificates.Get().CertificatePath;
            environment["Kestrel__Certificates__Default__KeyPath"] = certificates.Get().KeyPath;

            // Browsers hold streams open; they are no reason to end late.
            environment["DOTNET_shutdownTimeoutSeconds"] = "2";
        }));
    }

    /// <summary>Where people find it.</summary>
    public string Url => Authority(_frontends[0].Asked, _frontends[0].Endpoint);

    /// <summary>Where people find it, with what they log in with.</summary>
    public string LoginUrl => $"{Url}/login?t={Uri.EscapeDataString(_settings.BrowserToken)}";

    /// <summary>Where telemetry is taken over gRPC.</summary>
    public string OtlpGrpc => Authority(_settings.OtlpGrpc, _otlpGrpc);

    /// <summary>Where telemetry is taken over HTTP.</summary>
    public string OtlpHttp => Authority(_settings.OtlpHttp, _otlpHttp);

    /// <summary>The port of <see cref="Url"/>.</summary>
    public int Port => _frontends[0].Endpoint.AllocatedEndpoint!.Port;

    /// <summary>Takes the usual port if it is free, where none was asked for; else the app host chooses.</summary>
    public void ChoosePort(UsualPort usual)
    {
        if (_settings.IsFrontendAsked) return;
        var endpoint = _frontends[0].Endpoint;
        endpoint.AllocatedEndpoint = null;
        endpoint.Port = usual.TryTake() ? UsualPort.Number : null;
    }

    /// <summary>Whether another process has the port, and another port may be taken for it.</summary>
    public bool HasLostPort() => !_settings.IsFrontendAsked && !PortPicker.IsFree(Port);

    private static int? AskedPort(Uri url) => url.Port is > 0 and var port ? port : null;

    private static string Authority(Uri asked, EndpointAnnotation endpoint) =>
        new UriBuilder(asked) { Port = endpoint.AllocatedEndpoint!.Port }.Uri.GetLeftPart(UriPartial.Authority);

    private EndpointAnnotation Endpoint(string scheme, string name, int? port)
    {
        var endpoint = new EndpointAnnotation(ProtocolType.Tcp, scheme, name: name, port: port, isProxied: false);
        Annotations.Add(endpoint);
        return endpoint;
    }
}
