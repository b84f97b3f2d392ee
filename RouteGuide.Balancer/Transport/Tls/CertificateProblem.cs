using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace RouteGuide.Balancer.Transport.Tls;

/// <summary>What is wrong with a peer's certificate, in words.</summary>
internal static class CertificateProblem
{
    /// <param name="errors">Not none.</param>
    /// <param name="chain">As built; null if it could not be.</param>
    public static string Of(SslPolicyErrors errors, X509Chain? chain)
    {
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable)) return "there is none";
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors)) return chain is null ? "it cannot be judged" : Of(chain);
        return "it is for another name";
    }

    /// <summary>What is wrong with a chain.</summary>
    public static string Of(X509Chain chain)
    {
        var flags = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, s) => all | s.Status);
        if ((flags & X509ChainStatusFlags.NotTimeValid) != 0) return "it has expired, or is not valid yet";
        if ((flags & X509ChainStatusFlags.NotSignatureValid) != 0) return "its signature is wrong";
        if ((flags & (X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain)) != 0) return "no authority of the trust store has issued it";
        if ((flags & X509ChainStatusFlags.NotValidForUsage) != 0) return "it is not meant for this use";
        return $"{flags}";
    }
}
