using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Aspire.Hosting.Certificates;

/// <summary>Connections of the app host's own to what it runs: they trust the system's roots and the development CA.</summary>
internal static class DevelopmentTrust
{
    /// <summary>A handler for requests to this machine: no proxy, no cookies.</summary>
    public static SocketsHttpHandler CreateHandler(DevelopmentCertificates certificates) => new()
    {
        UseProxy = false,
        UseCookies = false,
        SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, certificate, _, errors) => Validate(certificates, certificate, errors) },
    };

    private static bool Validate(DevelopmentCertificates certificates, X509Certificate? certificate, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None) return true;
        if (errors != SslPolicyErrors.RemoteCertificateChainErrors || certificate is not X509Certificate2 leaf) return false;
        using var ca = X509CertificateLoader.LoadCertificateFromFile(certificates.Get().CaPath);
        using var own = new X509Chain();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.CustomTrustStore.Add(ca);
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        own.ChainPolicy.DisableCertificateDownloads = true;
        return own.Build(leaf);
    }
}
