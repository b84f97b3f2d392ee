using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RouteGuide.Balancer;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Tests.Balancer;

/// <summary>A balancer as its program composes it, in this process, with a TLS front and a plaintext one on free ports.</summary>
internal sealed class BalancerUnderTest : IAsyncDisposable
{
    private readonly BalancerApp _app;

    private BalancerUnderTest(BalancerApp app) => _app = app;

    public TargetTable Targets => _app.Targets;

    /// <summary>The front with TLS.</summary>
    public Uri Tls => new(_app.Urls(ListenerKind.Front).Single(u => u.StartsWith("https", StringComparison.Ordinal)));

    /// <summary>The front with plaintext HTTP/2.</summary>
    public Uri Plaintext => new(_app.Urls(ListenerKind.Front).Single(u => u.StartsWith("http:", StringComparison.Ordinal)));

    /// <summary>The front in TCP mode, if it was given one.</summary>
    public Uri Tcp => new(_app.Urls(ListenerKind.Front).Single(u => u.StartsWith("tcp:", StringComparison.Ordinal)));

    /// <summary>What that front has counted.</summary>
    public RouteGuide.Balancer.Proxy.Tcp.TcpCounters TcpCounters => _app.TcpFronts.Single().Counters;

    /// <summary>Connections of clients that are open.</summary>
    public int Clients => _app.Engine.Clients;

    /// <summary>A front that the test has configured.</summary>
    public Uri Named(string listener) => new(_app.UrlOf(listener));

    public bool HasListener(string name) => _app.Listeners.Any(l => l.Name == name);

    /// <summary>The target groups, used or not.</summary>
    public IEnumerable<string> GroupNames => _app.Groups.Select(g => g.Group.Name);

    public Uri Registry => new(_app.Urls(ListenerKind.Registry).Single());

    /// <summary>The event loops, for what can only be looked at on their threads.</summary>
    public IReadOnlyList<RouteGuide.Http2.Transport.EventLoop> Loops => _app.Engine.Loops;

    /// <summary>Starts one in front of targets.</summary>
    public static Task<BalancerUnderTest> Start(params IEnumerable<Uri> targets) => StartWith(targets);

    /// <summary>Starts one with settings, each <c>name=value</c>.</summary>
    public static Task<BalancerUnderTest> StartWith(IEnumerable<Uri> targets, params string[] settings) => StartAt(TimeProvider.System, targets, settings);

    /// <summary>Starts one with a clock of the test's own.</summary>
    public static async Task<BalancerUnderTest> StartAt(TimeProvider time, IEnumerable<Uri> targets, params string[] settings)
    {
        var app = BalancerApp.Build(
        [
            "--urls=https://127.0.0.1:0;http://127.0.0.1:0",
            "--Logging:LogLevel:Default=Warning",
            // A target in this process may have to wait for a processor for longer than one in earnest should.
            "--Balancer:ConnectTimeout=20",
            "--Logging:LogLevel:Microsoft.Hosting.Lifetime=Warning",
            $"--Kestrel:Certificates:Default:Path={TestCertificate.Path}",
            $"--Kestrel:Certificates:Default:KeyPath={TestCertificate.KeyPath}",
            .. targets.Select((t, i) => $"--Balancer:Targets:{i}=http://{t.Authority}"),
            .. settings.Select(s => $"--{s}"),
        ], time);
        await app.Start();
        return new BalancerUnderTest(app);
    }

    public void AddLogger(ILoggerProvider provider) => _app.Services.GetRequiredService<ILoggerFactory>().AddProvider(provider);

    public RouteGuide.Balancer.Telemetry.AccessLogs.AccessLog AccessLog => Seen.Log;

    /// <summary>What people see of it.</summary>
    public Observability Seen => _app.Seen;

    public Uri Admin => new(_app.Urls(ListenerKind.Admin).Single());

    public Task Stop() => _app.Stop();

    /// <summary>A client of the TLS front. It opens one connection, as long as it has learnt the front's stream limit before it needs it (<see cref="Learn"/>).</summary>
    public static HttpMessageInvoker Client(Action? onConnect = null) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (context, cancellation) =>
        {
            onConnect?.Invoke();
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(context.DnsEndPoint, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        },
        SslOptions = { RemoteCertificateValidationCallback = TestCertificate.Trust },
        UseProxy = false,
        RequestHeaderEncodingSelector = (_, _) => Encoding.Latin1,
        ResponseHeaderEncodingSelector = (_, _) => Encoding.Latin1,
    });

    /// <summary>One request that no target sees, so that the client has the front's settings.</summary>
    public async Task Learn(HttpMessageInvoker client)
    {
        using var health = await client.SendAsync(new HttpRequestMessage(HttpMethod.Get, new Uri(Tls, "/health")) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact }, CancellationToken.None);
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
        await health.Content.ReadAsByteArrayAsync();
    }

    /// <summary>A gRPC request for the TLS front: POST, application/grpc, te: trailers.</summary>
    public HttpRequestMessage Request(HttpContent? content = null, string path = "/test.Service/Call")
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Tls, path)) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Content = content ?? new ByteArrayContent([0, 0, 0, 0, 0]);
        request.Content.Headers.TryAddWithoutValidation("content-type", "application/grpc");
        request.Headers.TryAddWithoutValidation("te", "trailers");
        return request;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.Stop();
        await _app.DisposeAsync();
    }
}
