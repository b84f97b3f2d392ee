using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using RouteGuide.Http2.Transport.Tls;

namespace RouteGuide.Balancer.Transport.Tls;

/// <summary>What is asked of clients' certificates.</summary>
/// <param name="Mode">Not <see cref="ClientCertificateMode.Off"/>.</param>
/// <param name="Trust">Who vouches for them; null unless they are verified.</param>
/// <param name="IgnoreExpiry">Also such as are not valid any more, or not yet, are let in.</param>
internal sealed record ClientCertificates(ClientCertificateMode Mode, ReloadedFiles<TrustStore>? Trust, bool IgnoreExpiry)
{
    public X509ChainPolicy Policy()
    {
        if (Trust is not null) return Trust.Current.Policy(TrustStore.ClientUsage, IgnoreExpiry);
        // Its verdict is not asked for: no root is looked up.
        var policy = TrustStore.OfflinePolicy();
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        return policy;
    }

    /// <summary>Judges what a client has shown.</summary>
    /// <param name="certificate">Its own; null if it has shown none.</param>
    /// <param name="chain">With whatever else it has shown.</param>
    /// <param name="errors">What speaks against it.</param>
    /// <param name="fields">What the targets are told.</param>
    /// <returns>Why it is refused; null if it is not.</returns>
    public string? Judge(X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors, out IReadOnlyList<ClientCertificateField> fields)
    {
        fields = [];
        if (certificate is null) return Mode == ClientCertificateMode.Verify ? "the client showed no certificate" : null;
        if (Mode == ClientCertificateMode.Verify && errors != SslPolicyErrors.None) return $"the client's certificate is refused: {CertificateProblem.Of(errors, chain)}";
        var made = Mode == ClientCertificateMode.Verify ? ClientCertificateField.OfVerified(certificate) : ClientCertificateField.OfUnchecked(certificate, chain);
        // Beyond this most servers refuse the request; better one refused connection than thousands of refused calls.
        if (made.Sum(f => f.Value.Length) is > ClientCertificateField.MaxLength and var length) return $"the client's certificates take {length} octets in header fields; at most {ClientCertificateField.MaxLength} are passed on";
        fields = made;
        return null;
    }
}
