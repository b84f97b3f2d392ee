using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer;

/// <summary>One certificate for localhost for all balancers that run in this process.</summary>
internal static class TestCertificate
{
    private static readonly Lazy<TestCertificates> Files = new(() =>
    {
        var files = new TestCertificates();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => files.Dispose();
        return files;
    });

    public static string Path => Files.Value.CertificateFile;

    public static string KeyPath => Files.Value.KeyFile;

    /// <summary>Who has signed it.</summary>
    public static string CaPath => Files.Value.CaFile;

    /// <summary>Trusts what this certificate's root has signed and nothing else.</summary>
    public static bool Trust(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is not X509Certificate2 leaf || errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)) return false;
        using var own = new X509Chain { ChainPolicy = Files.Value.TrustPolicy() };
        return own.Build(leaf);
    }
}
