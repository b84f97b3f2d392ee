using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Tls;

/// <summary>Clients that show and see certificates.</summary>
internal static class TlsClient
{
    /// <summary>Names of the certificate that a client sees.</summary>
    public static async Task<string> Seen(Uri listener, string? serverName, SslProtocols protocols = SslProtocols.None)
    {
        await using var stream = await Connect(listener, serverName, protocols);
        return stream.RemoteCertificate!.Subject;
    }

    /// <summary>A secured connection; the server's certificate is not judged.</summary>
    public static async Task<SslStream> Connect(Uri listener, string? serverName = null, SslProtocols protocols = SslProtocols.None, X509Certificate2? certificate = null)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(listener.Host, listener.Port);
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await stream.AuthenticateAsClientAsync(Options(serverName, protocols, certificate)).WaitAsync(Eventually.Patience);
        return stream;
    }

    public static SslClientAuthenticationOptions Options(string? serverName = null, SslProtocols protocols = SslProtocols.None, X509Certificate2? certificate = null, params X509Certificate2[] others) => new()
    {
        TargetHost = serverName ?? "",
        EnabledSslProtocols = protocols,
        ApplicationProtocols = [SslApplicationProtocol.Http2],
        ClientCertificateContext = certificate is null ? null : SslStreamCertificateContext.Create(certificate, [.. others], offline: true),
        // Any certificate will do, but there has to be one.
        RemoteCertificateValidationCallback = (_, _, _, errors) => errors != SslPolicyErrors.RemoteCertificateNotAvailable,
    };
}
