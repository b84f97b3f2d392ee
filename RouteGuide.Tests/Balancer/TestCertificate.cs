using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace RouteGuide.Tests.Balancer;

/// <summary>A self-signed certificate for localhost, as files, made once for all tests.</summary>
internal static class TestCertificate
{
    private static readonly Lazy<(string Path, string KeyPath, string Thumbprint)> Files = new(Make);

    public static string Path => Files.Value.Path;

    public static string KeyPath => Files.Value.KeyPath;

    /// <summary>Trusts this certificate and no other.</summary>
    public static bool Trust(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        certificate is X509Certificate2 c && c.Thumbprint == Files.Value.Thumbprint;

    private static (string, string, string) Make()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        var folder = Directory.CreateTempSubdirectory("routeguide-tests-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        var path = System.IO.Path.Combine(folder, "localhost.pem");
        var keyPath = System.IO.Path.Combine(folder, "localhost.key");
        File.WriteAllText(path, certificate.ExportCertificatePem());
        File.WriteAllText(keyPath, key.ExportPkcs8PrivateKeyPem());
        return (path, keyPath, certificate.Thumbprint);
    }
}
