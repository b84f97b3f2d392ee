using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Balancer.Transport.Tls;

/// <summary>Certificates of authorities, by which the certificates of peers are judged. It never changes.</summary>
internal sealed class TrustStore
{
    /// <summary>For clients' certificates.</summary>
    public const string ClientUsage = "1.3.6.1.5.5.7.3.2";

    /// <summary>For servers' certificates.</summary>
    public const string ServerUsage = "1.3.6.1.5.5.7.3.1";

    private readonly X509Certificate2Collection _roots;

    private TrustStore(X509Certificate2Collection roots) => _roots = roots;

    /// <summary>Reads a bundle now, and again when it changes.</summary>
    /// <exception cref="ConfigurationException">It cannot be read, or holds no certificate.</exception>
    public static ReloadedFiles<TrustStore> Load(NamedFile file) => new([file], (contents, _) => Make(file, contents[0]));

    /// <summary>
    /// How to judge a peer: by these authorities alone. Nothing is fetched, so that a handshake asks nobody but this process; revocation is
    /// therefore not checked.
    /// </summary>
    public X509ChainPolicy Policy(string usage, bool ignoreExpiry = false)
    {
        var policy = OfflinePolicy();
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.AddRange(_roots);
        policy.ApplicationPolicy.Add(new Oid(usage));
        if (ignoreExpiry) policy.VerificationFlags |= X509VerificationFlags.IgnoreNotTimeValid;
        return policy;
    }

    /// <summary>By the authorities that the system trusts. The first use reads them from the disk.</summary>
    public static X509ChainPolicy SystemPolicy(string usage)
    {
        var policy = OfflinePolicy();
        policy.ApplicationPolicy.Add(new Oid(usage));
        return policy;
    }

    /// <summary>A policy that asks nobody.</summary>
    public static X509ChainPolicy OfflinePolicy() => new() { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };

    private static TrustStore Make(NamedFile file, byte[] content)
    {
        var roots = new X509Certificate2Collection();
        try
        {
            roots.ImportFromPem(Encoding.UTF8.GetString(content));
        }
        catch (CryptographicException e)
        {
            throw new ConfigurationException($"{file.Setting}: '{file.Path}' is not a usable bundle of certificates: {ServiceProgram.OneLine(e.Message)}", e);
        }

        return roots.Count > 0 ? new TrustStore(roots) : throw new ConfigurationException($"{file.Setting}: '{file.Path}' holds no certificate in PEM.");
    }
}
