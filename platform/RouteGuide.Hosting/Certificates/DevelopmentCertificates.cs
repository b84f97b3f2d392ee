using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Aspire.Hosting.Certificates;

/// <summary>Where the development certificates lie.</summary>
/// <param name="CaPath">The CA's certificate, PEM: what clients must trust.</param>
/// <param name="RootsDirectory">A directory with the CA alone in it, as OpenSSL wants one.</param>
/// <param name="CertificatePath">The leaf, PEM.</param>
/// <param name="KeyPath">The leaf's key, PEM.</param>
internal sealed record DevelopmentCertificate(string CaPath, string RootsDirectory, string CertificatePath, string KeyPath);

/// <summary>
/// A development CA and a leaf for this machine's own names, made on first use and kept in a folder of the user. Never asks anybody to
/// trust anything: those who need the CA are told by the environment where it lies.
/// </summary>
internal sealed class DevelopmentCertificates
{
    private const UnixFileMode OwnerOnlyFolder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OwnerOnlyFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode ReadableFile = OwnerOnlyFile | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(30);
    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(30);

    private readonly string _folder;
    private readonly TimeProvider _time;
    private readonly Action<string> _say;
    private readonly Lazy<DevelopmentCertificate> _current;

    /// <param name="folder">Where they are kept.</param>
    /// <param name="time">Says what is still valid.</param>
    /// <param name="say">Told in one line each when certificates are made, and why.</param>
    public DevelopmentCertificates(string folder, TimeProvider time, Action<string> say)
    {
        _folder = folder;
        _time = time;
        _say = say;
        _current = new Lazy<DevelopmentCertificate>(Ensure);
    }

    private string CaPath => Path.Combine(_folder, "ca.pem");

    private string CaKeyPath => Path.Combine(_folder, "ca-key.pem");

    private string LeafPath => Path.Combine(_folder, "localhost.pem");

    private string LeafKeyPath => Path.Combine(_folder, "localhost-key.pem");

    private string RootsFolder => Path.Combine(_folder, "roots");

    /// <summary>The folder of this user: <c>certs</c> in <paramref name="home"/>, or in <c>~/.routeguide</c> where that is not set.</summary>
    public static string Folder(string? home)
    {
        if (string.IsNullOrEmpty(home)) home = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify), ".routeguide");
        return Path.Combine(Path.GetFullPath(home), "certs");
    }

    /// <summary>The certificates; makes them where they are missing, worn out or spoilt.</summary>
    /// <exception cref="DistributedApplicationException">The folder cannot be written.</exception>
    public DevelopmentCertificate Get() => _current.Value;

    private DevelopmentCertificate Ensure()
    {
        try
        {
            CreateFolder(_folder);
            using var guard = FolderLock.Take(Path.Combine(_folder, ".lock"), LockPatience);
            var ca = LoadCa();
            using var caCertificate = ca?.Certificate ?? MakeCa(out ca);
            using var caKey = ca!.Value.Key;
            EnsureRoots(caCertificate);
            EnsureLeaf(caCertificate, caKey);
            return new DevelopmentCertificate(CaPath, RootsFolder, LeafPath, LeafKeyPath);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new DistributedApplicationException($"The development certificates cannot be kept in '{_folder}': {fault.Message} Set ROUTEGUIDE_HOME to a folder that can be written.", fault);
        }
    }

    private (X509Certificate2 Certificate, ECDsa Key)? LoadCa()
    {
        if (!File.Exists(CaPath) && !File.Exists(CaKeyPath)) return null;
        var loaded = Load(CaPath, CaKeyPath, out var fault);
        if (loaded is { } pair)
        {
            fault = Worn(pair.Certificate) ?? (pair.Certificate.Subject == $"CN={CertificateFactory.CaCommonName}" ? null : $"its subject is '{pair.Certificate.Subject}'");
            if (fault is null) return pair;
            pair.Certificate.Dispose();
            pair.Key.Dispose();
        }

        _say($"The development CA '{CaPath}' is made anew: {fault}.");
        return null;
    }

    private X509Certificate2 MakeCa(out (X509Certificate2 Certificate, ECDsa Key)? made)
    {
        var (certificate, key) = CertificateFactory.CreateCa(_time.GetUtcNow());

        // The key first: a kill between the two leaves a pair that does not match, which the next start finds and replaces.
        Write(CaKeyPath, key.ExportPkcs8PrivateKeyPem(), OwnerOnlyFile);
        Write(CaPath, certificate.ExportCertificatePem(), ReadableFile);
        _say("A development CA was made for this user; nothing was asked to trust it.");
        made = (certificate, key);
        return certificate;
    }

    private void EnsureLeaf(X509Certificate2 ca, ECDsa caKey)
    {
        if (File.Exists(LeafPath) || File.Exists(LeafKeyPath))
        {
            var loaded = Load(LeafPath, LeafKeyPath, out var fault);
            if (loaded is { } pair)
            {
                using var certificate = pair.Certificate;
                using var key = pair.Key;
                fault = Worn(certificate) ?? (IsSignedBy(certificate, ca) ? null : "another CA signed it") ?? (CoversNames(certificate) ? null : "it is not for all names of this machine");
                if (fault is null) return;
            }

            _say($"The development certificate '{LeafPath}' is made anew: {fault}.");
        }

        var (made, madeKey) = CertificateFactory.CreateLeaf(ca, caKey, _time.GetUtcNow());
        using (made)
        using (madeKey)
        {
            Write(LeafKeyPath, madeKey.ExportPkcs8PrivateKeyPem(), OwnerOnlyFile);

            // With the CA behind it, so that a server sends the whole chain.
            Write(LeafPath, made.ExportCertificatePem() + "\n" + ca.ExportCertificatePem(), ReadableFile);
        }
    }

    private void EnsureRoots(X509Certificate2 ca)
    {
        CreateFolder(RootsFolder);
        var file = Path.Combine(RootsFolder, $"{CertificateFactory.OpenSslHash(CertificateFactory.CaCommonName)}.0");
        var text = ca.ExportCertificatePem();
        if (!File.Exists(file) || File.ReadAllText(file) != text) Write(file, text, ReadableFile);
        foreach (var other in Directory.EnumerateFiles(RootsFolder).Where(f => f != file)) File.Delete(other);
    }

    private static (X509Certificate2 Certificate, ECDsa Key)? Load(string certificatePath, string keyPath, out string? fault)
    {
        fault = !File.Exists(certificatePath) ? "the certificate is missing" : !File.Exists(keyPath) ? "the key is missing" : Permissions(keyPath);
        if (fault is not null) return null;
        try
        {
            var certificate = X509Certificate2.CreateFromPem(File.ReadAllText(certificatePath));
            var key = ECDsa.Create();
            key.ImportFromPem(File.ReadAllText(keyPath));
            using var publicKey = certificate.GetECDsaPublicKey();
            if (publicKey is not null && publicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo())) return (certificate, key);
            certificate.Dispose();
            key.Dispose();
            fault = "certificate and key do not belong together";
        }
        catch (Exception broken) when (broken is CryptographicException or ArgumentException)
        {
            fault = $"it cannot be read ({broken.Message.TrimEnd('.')})";
        }

        return null;
    }

    private static string? Permissions(string keyPath) =>
        !OperatingSystem.IsWindows() && (File.GetUnixFileMode(keyPath) & ~OwnerOnlyFile) != 0 ? "others than its owner could read or change the key" : null;

    private string? Worn(X509Certificate2 certificate)
    {
        var now = _time.GetUtcNow();
        if (now < certificate.NotBefore) return $"it is valid only from {certificate.NotBefore:u}";
        return certificate.NotAfter - now < RenewBefore ? $"it ends on {certificate.NotAfter:u}" : null;
    }

    private bool IsSignedBy(X509Certificate2 leaf, X509Certificate2 ca)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(ca);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = _time.GetUtcNow().UtcDateTime;
        chain.ChainPolicy.VerificationTimeIgnored = false;
        return chain.Build(leaf);
    }

    private static bool CoversNames(X509Certificate2 certificate)
    {
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
        return names is not null
            && CertificateFactory.DnsNames.All(names.EnumerateDnsNames().Contains)
            && CertificateFactory.Addresses.All(names.EnumerateIPAddresses().Contains);
    }

    private static void CreateFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
            return;
        }

        Directory.CreateDirectory(folder, OwnerOnlyFolder);
        if (File.GetUnixFileMode(folder) != OwnerOnlyFolder) File.SetUnixFileMode(folder, OwnerOnlyFolder);
    }

    /// <summary>Whole or not at all: a reader, and the next start after a kill, sees the old file or the new one.</summary>
    private static void Write(string path, string text, UnixFileMode mode)
    {
        var temporary = $"{path}.{Environment.ProcessId}.tmp";
        File.Delete(temporary);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = mode;
        using (var stream = new StreamWriter(temporary, options)) stream.Write(text);
        File.Move(temporary, path, overwrite: true);
    }
}
