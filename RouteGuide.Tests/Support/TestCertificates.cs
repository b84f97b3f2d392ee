using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace RouteGuide.Tests.Support;

/// <summary>A root and a certificate for localhost signed by it, made for one test and written as PEM files.</summary>
internal sealed class TestCertificates : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("routeguide-certificates");

    public TestCertificates()
    {
        var now = DateTimeOffset.UtcNow;
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var rootRequest = new CertificateRequest("CN=RouteGuide test root", rootKey, HashAlgorithmName.SHA256);
        rootRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        rootRequest.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        using var root = rootRequest.CreateSelfSigned(now.AddDays(-1), now.AddDays(2));

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var leaf = request.Create(root, now.AddDays(-1), now.AddDays(1), RandomNumberGenerator.GetBytes(8));

        CaFile = Write("ca.pem", root.ExportCertificatePem());
        CertificateFile = Write("leaf.pem", leaf.ExportCertificatePem());
        KeyFile = Write("leaf.key", key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>The root, for clients.</summary>
    public string CaFile { get; }

    /// <summary>The server's certificate.</summary>
    public string CertificateFile { get; }

    /// <summary>The server's key.</summary>
    public string KeyFile { get; }

    /// <summary>The settings by which Kestrel takes the certificate.</summary>
    public IReadOnlyDictionary<string, string?> KestrelEnvironment => new Dictionary<string, string?>
    {
        ["Kestrel__Certificates__Default__Path"] = CertificateFile,
        ["Kestrel__Certificates__Default__KeyPath"] = KeyFile,
    };

    /// <summary>Checks a server's certificate against the root.</summary>
    public X509ChainPolicy TrustPolicy() => TrustPolicy(CaFile);

    /// <summary>Checks a server's certificate against the roots in a PEM file.</summary>
    public static X509ChainPolicy TrustPolicy(string caFile)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(caFile);
        return policy;
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private string Write(string name, string pem)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, pem);
        return path;
    }
}
