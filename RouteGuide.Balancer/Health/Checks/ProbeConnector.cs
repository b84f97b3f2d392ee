using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Transport.Tls;

namespace RouteGuide.Balancer.Health.Checks;

/// <summary>Connections for checks: one for each, secured by the same rules as those for calls.</summary>
/// <param name="tls">How secure targets prove themselves.</param>
internal sealed class ProbeConnector(TargetTls tls)
{
    public static readonly IReadOnlyList<SslApplicationProtocol> NoProtocols = [];
    public static readonly IReadOnlyList<SslApplicationProtocol> Http1Alone = [SslApplicationProtocol.Http11];
    public static readonly IReadOnlyList<SslApplicationProtocol> Http2Alone = [SslApplicationProtocol.Http2];

    // Kilobytes of a response's head.
    private const int MaxHead = 32;

    /// <summary>Whether a check of the target is encrypted.</summary>
    public static bool IsTls(TargetAddress target, HealthCheckPlan plan) => plan.IsTls ?? target.IsTls;

    /// <summary>A client for one request.</summary>
    public HttpMessageInvoker Client(TargetAddress target, HealthCheckPlan plan, IReadOnlyList<SslApplicationProtocol> protocols) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        UseProxy = false,
        ActivityHeadersPropagator = null,
        MaxResponseHeadersLength = MaxHead,
        MaxResponseDrainSize = 0,
        ConnectTimeout = Timeout.InfiniteTimeSpan,
        ConnectCallback = async (_, cancellation) => await Connect(target, plan, protocols, cancellation).ConfigureAwait(false),
    });

    /// <summary>Connects, and secures the connection where that is asked for.</summary>
    public async Task<Stream> Connect(TargetAddress target, HealthCheckPlan plan, IReadOnlyList<SslApplicationProtocol> protocols, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        SslStream? secured = null;
        try
        {
            await socket.ConnectAsync(target.Host, plan.PortOf(target), cancellation).ConfigureAwait(false);
            var plain = new NetworkStream(socket, ownsSocket: true);
            if (!IsTls(target, plan)) return plain;
            secured = new SslStream(plain);
            await Secure(secured, target, protocols, cancellation).ConfigureAwait(false);
            return secured;
        }
        catch
        {
            if (secured is not null) await secured.DisposeAsync().ConfigureAwait(false);
            socket.Dispose();
            throw;
        }
    }

    private async Task Secure(SslStream stream, TargetAddress target, IReadOnlyList<SslApplicationProtocol> protocols, CancellationToken cancellation)
    {
        var handshake = tls.Begin(target.ServerName, protocols);
        // The handshake knows no token; it ends with its connection.
        await using var registration = cancellation.UnsafeRegister(static s => ((SslStream)s!).Dispose(), stream).ConfigureAwait(false);
        try
        {
            await handshake.Run(stream).ConfigureAwait(false);
        }
        catch (Exception) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellation);
        }
        catch (Exception e) when (handshake.Refusal is not null && e is AuthenticationException or IOException)
        {
            throw new AuthenticationException(handshake.Refusal, e);
        }
    }
}
