using System.Net.Security;
using System.Security.Authentication;

namespace RouteGuide.Http2.Transport;

/// <summary>What a handshake has agreed on, for people.</summary>
/// <param name="Protocol"><c>TLSv1.2</c> or <c>TLSv1.3</c>.</param>
/// <param name="Cipher">As OpenSSL calls it.</param>
/// <param name="ServerName">The host that the client has named (SNI); null if it has named none.</param>
internal sealed record TlsFacts(string Protocol, string Cipher, string? ServerName)
{
    /// <summary>The certificate that the client saw; null if that is not known.</summary>
    public string? Certificate { get; init; }

    /// <summary>The same of the framework's words, <c>TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256</c>; names of TLS 1.3 have no key exchange in them and are the same everywhere.</summary>
    public static TlsFacts Of(SslProtocols protocol, TlsCipherSuite suite, string? serverName)
    {
        var cipher = suite.ToString();
        if (cipher.Contains("_WITH_", StringComparison.Ordinal))
        {
            cipher = cipher["TLS_".Length..].Replace("_WITH_", "_", StringComparison.Ordinal).Replace("AES_", "AES", StringComparison.Ordinal).Replace('_', '-');
            // Its hash is understood.
            if (cipher.Contains("CHACHA20", StringComparison.Ordinal)) cipher = cipher.Replace("-SHA256", "", StringComparison.Ordinal);
        }

        var version = protocol switch { SslProtocols.Tls12 => "TLSv1.2", SslProtocols.Tls13 => "TLSv1.3", _ => protocol.ToString() };
        return new TlsFacts(version, cipher, string.IsNullOrEmpty(serverName) ? null : serverName);
    }
}
