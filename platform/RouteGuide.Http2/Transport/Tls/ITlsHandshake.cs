using System.Net.Security;
using System.Security.Authentication;

namespace RouteGuide.Http2.Transport.Tls;

/// <summary>How one connection makes its handshake. The channel runs it on its loop's thread.</summary>
internal interface ITlsHandshake
{
    /// <summary>Makes the handshake. It may end on another thread.</summary>
    /// <exception cref="AuthenticationException">It failed, or the peer is not whom it has to be.</exception>
    /// <exception cref="IOException">The connection ended.</exception>
    Task Run(SslStream stream);

    /// <summary>Why the peer was refused, better than the exception says it; null if the exception knows best.</summary>
    string? Refusal { get; }
}
