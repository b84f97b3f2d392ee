using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace RouteGuide.Tests.Balancer.Tls;

/// <summary>An authority of a test's own, and the certificates that it issues, as PEM files in a folder of their own.</summary>
internal sealed class TestAuthority : IDisposable
{
    private const string ClientUsage = "1.3.6.1.5.5.7.3.2";
    private const string ServerUsage = "1.3.6.1.5.5.7.3.1";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("routeguide-tls-");
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private int _count;

    /// <param name="name">Its own.</param>
    /// <param name="issuer">Who vouches for it; null for a root.</param>
    public TestAuthority(string name = "Test authority", TestAuthority? issuer = null)
    {
        var request = new CertificateRequest($"CN={name}", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        var (from, until) = (DateTimeOffset.UtcNow.AddDays(-300), DateTimeOffset.UtcNow.AddDays(300));
        Certificate = issuer is null ? request.CreateSelfSigned(from, until) : Signed(request, issuer);
        RootFile = Write("root.pem", Pem);
    }

    public string Folder => _folder.FullName;

    public string Pem => Certificate.ExportCertificatePem() + "\n";

    public string RootFile { get; }

    public X509Certificate2 Certificate { get; }

    public Issued Server(params string[] names) => Issue(new X500DistinguishedName($"CN={names[0]}"), ServerUsage, names);

    public Issued Client(string subject = "CN=client,OU=test,O=RouteGuide", DateTimeOffset? until = null) => Issue(new X500DistinguishedName(subject), ClientUsage, [], until);

    /// <summary>A client's certificate that is meant for servers.</summary>
    public Issued ClientForOtherUse() => Issue(new X500DistinguishedName("CN=client"), ServerUsage, []);

    public Issued Issue(X500DistinguishedName subject, string usage, IReadOnlyList<string> names, DateTimeOffset? until = null, int padding = 0)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            if (IPAddress.TryParse(name, out var address)) alternatives.AddIpAddress(address);
            else alternatives.AddDnsName(name);
        }

        if (names.Count > 0) request.CertificateExtensions.Add(alternatives.Build());
        if (padding > 0) request.CertificateExtensions.Add(new X509Extension("1.3.6.1.4.1.99999.1", RandomNumberGenerator.GetBytes(padding), false));
        var end = until ?? DateTimeOffset.UtcNow.AddDays(1);
        using var certificate = request.Create(Certificate, end.AddDays(-30), end, RandomNumberGenerator.GetBytes(8));
        return new Issued(certificate.ExportCertificatePem() + "\n", key.ExportPkcs8PrivateKeyPem() + "\n", this, Interlocked.Increment(ref _count));
    }

    public string Write(string name, string content)
    {
        var path = Path.Combine(Folder, name);
        File.WriteAllText(path, content);
        return path;
    }

    private X509Certificate2 Signed(CertificateRequest request, TestAuthority issuer)
    {
        using var certificate = request.Create(issuer.Certificate, DateTimeOffset.UtcNow.AddDays(-200), DateTimeOffset.UtcNow.AddDays(200), RandomNumberGenerator.GetBytes(8));
        return certificate.CopyWithPrivateKey(_key);
    }

    public void Dispose()
    {
        _folder.Delete(recursive: true);
        Certificate.Dispose();
        _key.Dispose();
    }
}

/// <summary>A certificate and its key.</summary>
internal sealed class Issued(string pem, string keyPem, TestAuthority authority, int number)
{
    public string Pem { get; } = pem;

    public string KeyPem { get; } = keyPem;

    public string Path => authority.Write($"{number}.pem", Pem);

    public string KeyPath => authority.Write($"{number}.key", KeyPem);

    /// <summary>With its key; for SslStream.</summary>
    public X509Certificate2 Load()
    {
        using var certificate = X509Certificate2.CreateFromPem(Pem, KeyPem);
        // Keys that live in memory alone are not good for every platform.
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
    }
}
