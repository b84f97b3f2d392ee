using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Balancer.Transport.Tls;

/// <summary>Where a certificate and its key are: both as PEM, or one PKCS #12 file.</summary>
/// <param name="Setting">The section that names them, for errors.</param>
/// <param name="Path">The certificate, its intermediates behind it; or PKCS #12 with everything.</param>
/// <param name="KeyPath">The key; null for PKCS #12.</param>
/// <param name="Password">Of the key or of PKCS #12; null if it has none.</param>
internal sealed record CertificateFiles(string Setting, string Path, string? KeyPath, string? Password)
{
    /// <summary>Reads them now, and again when they change.</summary>
    /// <exception cref="ConfigurationException">They cannot be read or used.</exception>
    public ReloadedFiles<LoadedCertificate> Load(TimeProvider time)
    {
        var certificate = new NamedFile($"{Setting}:Path", Path);
        return new ReloadedFiles<LoadedCertificate>(
            KeyPath is null ? [certificate] : [certificate, new NamedFile($"{Setting}:KeyPath", KeyPath)],
            (contents, current) => Make(contents, current, time.GetUtcNow().UtcDateTime));
    }

    private LoadedCertificate Make(IReadOnlyList<byte[]> contents, LoadedCertificate? current, DateTime now)
    {
        LoadedCertificate made;
        try
        {
            made = KeyPath is null ? FromPkcs12(contents[0]) : FromPem(Encoding.UTF8.GetString(contents[0]), Encoding.UTF8.GetString(contents[1]));
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            var files = KeyPath is null ? $"'{Path}'" : $"'{Path}' with the key '{KeyPath}'";
            throw new ConfigurationException($"{Setting}:Path: {files} is not a usable certificate: {ServiceProgram.OneLine(e.Message)}", e);
        }

        // A start with it is the operator's wish; a good one is not given up for it.
        if (current is not null && made.IsValidAt(now) is false && current.IsValidAt(now)) throw new ConfigurationException($"{Setting}:Path: '{Path}' is valid from {made.From} to {made.To} only.");
        return made;
    }

    private LoadedCertificate FromPem(string certificate, string key)
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(certificate);
        return new LoadedCertificate(Usable(Password is null ? X509Certificate2.CreateFromPem(certificate, key) : X509Certificate2.CreateFromEncryptedPem(certificate, key, Password)), chain);
    }

    private LoadedCertificate FromPkcs12(byte[] content)
    {
        var all = X509CertificateLoader.LoadPkcs12Collection(content, Password);
        return new LoadedCertificate(all.FirstOrDefault(c => c.HasPrivateKey) ?? throw new CryptographicException("it holds no private key"), all);
    }

    // Windows cannot serve with a key that lives in memory alone.
    private static X509Certificate2 Usable(X509Certificate2 certificate)
    {
        if (!OperatingSystem.IsWindows()) return certificate;
        using (certificate) return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), password: null);
    }
}
