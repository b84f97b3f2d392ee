using System.Text.RegularExpressions;
using Grpc.Core;
using Grpc.Net.Client;
using RouteGuide.Registry.V1;

namespace RouteGuide.Tests.Support;

/// <summary>The balancer and its replicas as processes of their own, without the app host, so that a test can end one of them.</summary>
internal sealed partial class ProcessSystem : IAsyncDisposable
{
    private const string Key = "a key for tests";
    private const string RegistryLine = "Targets register on ";
    private readonly TestCertificates _certificates = new();
    private readonly Dictionary<string, RunningProcess> _replicas = [];
    private RunningProcess _balancer = null!;
    private GrpcChannel _registry = null!;

    /// <summary>Where the balancer takes calls, with TLS.</summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>Where it takes them without.</summary>
    public Uri Plaintext { get; private set; } = null!;

    /// <summary>The root that the balancer's certificate is signed by.</summary>
    public string CaFile => _certificates.CaFile;

    /// <summary>The replicas by the name that they answer with.</summary>
    public IReadOnlyDictionary<string, RunningProcess> Replicas => _replicas;

    /// <summary>The balancer's registry.</summary>
    public Registry.V1.Registry.RegistryClient Registry { get; private set; } = null!;

    /// <summary>What registry calls carry.</summary>
    public static Metadata Credentials => new() { { "authorization", $"Bearer {Key}" } };

    /// <summary>Starts the balancer and so many replicas; returns when all of them get calls.</summary>
    /// <param name="replicas">How many.</param>
    /// <param name="settings">Of the balancer, each <c>name=value</c>.</param>
    public static async Task<ProcessSystem> Start(int replicas = 3, params string[] settings)
    {
        var system = new ProcessSystem();
        try
        {
            await system.StartBalancer(settings);
            for (var i = 0; i < replicas; i++) system.StartReplica($"r{i}");
            await system.Registered(replicas);
            return system;
        }
        catch
        {
            await system.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a replica; it gets calls once its lease is granted.</summary>
    public RunningProcess StartReplica(string instance) =>
        _replicas[$"server-{instance}"] = RunningProcess.StartProject("RouteGuide.Server", [], new Dictionary<string, string?>
        {
            ["ASPNETCORE_URLS"] = "http://127.0.0.1:0",
            ["OTEL_SERVICE_NAME"] = "server",
            ["OTEL_RESOURCE_ATTRIBUTES"] = $"service.instance.id={instance}",
            ["services__balancer__registry__0"] = _registry.Target is var target ? $"http://{target}" : null,
            ["REGISTRY_KEY"] = Key,
        });

    /// <summary>Returns when exactly so many targets are healthy.</summary>
    public Task Registered(int count) => Eventually.Until(
        async () =>
        {
            try
            {
                var targets = await Registry.ListTargetsAsync(new ListTargetsRequest(), Credentials);
                return targets.Targets.Count(target => target.State == TargetState.Healthy) == count;
            }
            catch (RpcException error) when (error.StatusCode == StatusCode.Unavailable)
            {
                return false;
            }
        },
        $"{count} healthy targets\n{string.Join('\n', _balancer.Output)}\n{string.Join('\n', _replicas.Values.SelectMany(r => r.Output.Concat(r.Error)))}",
        Eventually.ProcessPatience);

    /// <summary>A channel to the balancer that has one connection and never opens another.</summary>
    public GrpcChannel OneConnection()
    {
        var handler = new SocketsHttpHandler { EnableMultipleHttp2Connections = false };
        handler.SslOptions.CertificateChainPolicy = _certificates.TrustPolicy();
        return GrpcChannel.ForAddress(Address, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
    }

    public async ValueTask DisposeAsync()
    {
        _registry?.Dispose();
        foreach (var replica in _replicas.Values) await replica.DisposeAsync();
        if (_balancer is not null) await _balancer.DisposeAsync();
        _certificates.Dispose();
    }

    private async Task StartBalancer(string[] settings)
    {
        _balancer = RunningProcess.StartProject("RouteGuide.Balancer", settings.Prepend("Balancer:ConnectTimeout=20").Select(s => $"--{s}"), new Dictionary<string, string?>(_certificates.KestrelEnvironment)
        {
            ["ASPNETCORE_URLS"] = "https://127.0.0.1:0;http://127.0.0.1:0",
            ["REGISTRY_PORT"] = "0",
            ["REGISTRY_KEY"] = Key,
        });
        Address = await Listening("https");
        Plaintext = await Listening("http");
        _registry = GrpcChannel.ForAddress((await _balancer.WaitForOutput(text => text.Contains(RegistryLine, StringComparison.Ordinal), "the registry's address")).Split(RegistryLine)[1]);
        Registry = new Registry.V1.Registry.RegistryClient(_registry);
    }

    private async Task<Uri> Listening(string scheme)
    {
        var line = await _balancer.WaitForOutput(text => ListeningLine().Match(text).Groups[2].Value == scheme, $"the balancer's 'Calls are taken on {scheme}'");
        return new Uri(ListeningLine().Match(line).Groups[1].Value);
    }

    [GeneratedRegex("Calls are taken on ((https?)://127.0.0.1:[0-9]+)")]
    private static partial Regex ListeningLine();
}
