using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace RouteGuide.Bench.Proxies;

/// <summary>The certificate that all proxies show: P-256, made for one run, in the forms in which they read it.</summary>
internal sealed record ServerCertificate(string CertificateFile, string KeyFile, string BothFile, byte[] Der)
{
    public static ServerCertificate Create(string folder)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(2));

        var files = new ServerCertificate(Path.Combine(folder, "cert.pem"), Path.Combine(folder, "key.pem"), Path.Combine(folder, "both.pem"), certificate.RawData);
        var pem = certificate.ExportCertificatePem();
        var keyPem = key.ExportPkcs8PrivateKeyPem();
        File.WriteAllText(files.CertificateFile, pem);
        File.WriteAllText(files.KeyFile, keyPem);
        File.WriteAllText(files.BothFile, $"{pem}\n{keyPem}\n");
        return files;
    }
}
