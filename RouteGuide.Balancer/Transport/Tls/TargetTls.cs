using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using RouteGuide.Http2.Transport.Tls;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Balancer.Transport.Tls;

/// <summary>TLS as targets meet it: HTTP/2 by ALPN, their certificate judged, ours shown.</summary>
internal sealed class TargetTls
{
    /// <summary>Judged by the authorities that the system trusts; none of ours is shown.</summary>
    public static readonly TargetTls Default = new();

    private static readonly IReadOnlyList<SslApplicationProtocol> Http2Alone = [SslApplicationProtocol.Http2];

    /// <summary>Their certificates are judged. Off, anybody who sits on the way may pass for a target.</summary>
    public bool Verify { get; init; } = true;

    /// <summary>Who vouches for them; null for those that the system trusts.</summary>
    public ReloadedFiles<TrustStore>? Trust { get; init; }

    /// <summary>What the balancer shows to targets that ask; null for none.</summary>
    public ReloadedFiles<LoadedCertificate>? Certificate { get; init; }

    /// <summary>The name that targets are asked for and have to prove; null for the host of their address.</summary>
    public string? ServerName { get; init; }

    /// <summary>All that comes from files.</summary>
    public IEnumerable<IReloaded> Files
    {
        get
        {
            if (Trust is not null) yield return Trust;
            if (Certificate is not null) yield return Certificate;
        }
    }

    /// <summary>For one connection that calls go over.</summary>
    /// <param name="host">Of the target's address.</param>
    public ITlsHandshake Begin(string host) => Begin(host, Http2Alone);

    /// <summary>For one connection.</summary>
    /// <param name="host">Of the target's address.</param>
    /// <param name="protocols">What is offered by ALPN; if HTTP/2 alone, it has to be chosen.</param>
    public ITlsHandshake Begin(string host, IReadOnlyList<SslApplicationProtocol> protocols) => new Handshake(this, ServerName ?? host, protocols);

    /// <summary>
    /// Two steps, as judging may mean to read the system's store of authorities from the disk: SslStream makes the handshake on the loop's
    /// thread and takes any certificate, which is then judged on another, before anything is sent.
    /// </summary>
    private sealed class Handshake(TargetTls tls, string host, IReadOnlyList<SslApplicationProtocol> protocols) : ITlsHandshake
    {
        private byte[]? _certificate;
        private byte[][] _others = [];

        public string? Refusal { get; private set; }

        public async Task Run(SslStream stream)
        {
            await stream.AuthenticateAsClientAsync(Options()).ConfigureAwait(false);
            if (protocols is [var only] && only == SslApplicationProtocol.Http2 && stream.NegotiatedApplicationProtocol != only) Refuse("the target does not choose HTTP/2 (ALPN h2)");
            if (tls.Verify && await Task.Run(Judge).ConfigureAwait(false) is { } problem) Refuse($"the target's certificate is refused: {problem}");
        }

        private SslClientAuthenticationOptions Options()
        {
            var policy = TrustStore.OfflinePolicy();
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            return new SslClientAuthenticationOptions
            {
                TargetHost = host,
                ApplicationProtocols = [.. protocols],
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                CertificateChainPolicy = policy,
                RemoteCertificateValidationCallback = Keep,
                ClientCertificateContext = tls.Certificate?.Current.Context,
                AllowRenegotiation = false,
                // A resumed session has no certificate to be judged by what is trusted now.
                AllowTlsResume = false,
            };
        }

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
            if (_certificate is null) return "there is none";
            using var certificate = X509CertificateLoader.LoadCertificate(_certificate);
            using var chain = new X509Chain();
            var others = _others.Select(c => X509CertificateLoader.LoadCertificate(c)).ToList();
            try
            {
                var policy = tls.Trust?.Current.Policy(TrustStore.ServerUsage) ?? TrustStore.SystemPolicy(TrustStore.ServerUsage);
                foreach (var other in others) policy.ExtraStore.Add(other);
                chain.ChainPolicy = policy;
                if (!chain.Build(certificate)) return CertificateProblem.Of(chain);
                // By its alternative names alone (RFC 9525 section 2).
                return certificate.MatchesHostname(host, allowWildcards: true, allowCommonName: false) ? null : $"it is not for '{host}'";
            }
            finally
            {
                foreach (var element in chain.ChainElements) element.Certificate.Dispose();
                foreach (var other in others) other.Dispose();
            }
        }

        private void Refuse(string reason)
        {
            Refusal = ServiceProgram.OneLine(reason);
            throw new AuthenticationException(Refusal);
        }
    }
}
