using System.Security.Cryptography.X509Certificates;

namespace Aspire.Hosting.Certificates;

/// <summary>Says how to make this machine trust the development CA, where it does not.</summary>
internal static class TrustHint
{
    /// <summary>What to say; null where the certificate is trusted as it is.</summary>
    public static string? For(DevelopmentCertificate certificate)
    {
        using var leaf = X509CertificateLoader.LoadCertificateFromFile(certificate.CertificatePath);
        using var ca = X509CertificateLoader.LoadCertificateFromFile(certificate.CaPath);
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ExtraStore.Add(ca);
        return chain.Build(leaf) ? null : $"""
            The development certificate is not trusted by this machine: browsers warn of it, and other clients must be given {certificate.CaPath}.
            To trust it: {Command(certificate.CaPath)}
            """;
    }

    private static string Command(string ca)
    {
        if (OperatingSystem.IsWindows()) return $"certutil -user -addstore Root \"{ca}\"";
        if (OperatingSystem.IsMacOS()) return $"security add-trusted-cert -r trustRoot -k ~/Library/Keychains/login.keychain-db \"{ca}\"";
        return Directory.Exists("/etc/pki/ca-trust/source/anchors")
            ? $"sudo cp \"{ca}\" /etc/pki/ca-trust/source/anchors/routeguide.crt && sudo update-ca-trust"
            : $"sudo cp \"{ca}\" /usr/local/share/ca-certificates/routeguide.crt && sudo update-ca-certificates";
    }
}
