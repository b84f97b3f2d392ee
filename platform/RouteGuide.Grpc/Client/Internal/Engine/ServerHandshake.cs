using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using RouteGuide.Http2.Transport.Tls;

namespace Grpc.Net.Client.Internal.Engine;

/// <summary>
/// TLS to a server: HTTP/2 by ALPN, its certificate judged by the authorities that the system trusts. In two steps, as judging may mean to read
/// their store, or to fetch a certificate: SslStream makes the handshake on the loop and takes any certificate, which is then judged on the thread
/// pool, before anything is sent.
/// </summary>
/// <param name="host">Whose certificate it has to be.</param>
internal sealed class ServerHandshake(string host) : ITlsHandshake
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private byte[]? _certificate;
    private byte[][] _others = [];

    public string? Refusal { get; private set; }

    /// <summary>The server speaks TLS, but not HTTP/2.</summary>
    public bool IsOtherProtocol { get; private set; }

    public async Task Run(SslStream stream)
    {
        await stream.AuthenticateAsClientAsync(Options()).ConfigureAwait(false);
        IsOtherProtocol = stream.NegotiatedApplicationProtocol != SslApplicationProtocol.Http2;
        if (IsOtherProtocol) Refuse("The server does not choose HTTP/2 (ALPN h2).");
        if (await Task.Run(Judge).ConfigureAwait(false) is { } problem) Refuse($"The remote certificate is invalid: {problem}");
    }

    private SslClientAuthenticationOptions Options() => new()
    {
        TargetHost = host,
        ApplicationProtocols = [SslApplicationProtocol.Http2],
        CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            DisableCertificateDownloads = true,
            RevocationMode = X509RevocationMode.NoCheck,
        },
        RemoteCertificateValidationCallback = Keep,
        AllowRenegotiation = false,
        // A resumed session has no certificate to be judged by what is trusted now.
        AllowTlsResume = false,
    };

    private bool Keep(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        // The objects are gone when this returns.
        _certificate = certificate?.GetRawCertData();
        _others = [.. (chain?.ChainPolicy.ExtraStore ?? []).Select(c => c.RawData)];
        return certificate is not null;
    }

    // Null if nothing speaks against it.
    private string? Judge()
    {
        if (_certificate is null) return "the server has shown none.";
        using var certificate = X509CertificateLoader.LoadCertificate(_certificate);
        using var chain = new X509Chain();
        var others = _others.Select(c => X509CertificateLoader.LoadCertificate(c)).ToList();
        try
        {
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            chain.ChainPolicy.ApplicationPolicy.Add(new System.Security.Cryptography.Oid(ServerAuthentication));
            foreach (var other in others) chain.ChainPolicy.ExtraStore.Add(other);
            if (!chain.Build(certificate)) return $"{string.Join(", ", chain.ChainStatus.Select(s => s.Status).Distinct())}.";
            return certificate.MatchesHostname(host) ? null : $"it is not for '{host}' (RemoteCertificateNameMismatch).";
        }
        finally
        {
            foreach (var element in chain.ChainElements) element.Certificate.Dispose();
            foreach (var other in others) other.Dispose();
        }
    }

    private void Refuse(string reason)
    {
        Refusal = reason;
        throw new AuthenticationException(reason);
    }
}
