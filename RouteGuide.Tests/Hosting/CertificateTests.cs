using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Aspire.Hosting.Certificates;

namespace RouteGuide.Tests.Hosting;

public sealed class CertificateTests : IDisposable
{
    private readonly string _folder = Path.Combine(Directory.CreateTempSubdirectory("routeguide-certs-").FullName, "certs");
    private readonly List<string> _said = [];
    private readonly Clock _clock = new();

    [Fact]
    public void The_leaf_is_for_this_machines_names_and_signed_by_the_ca()
    {
        var made = Make();
        using var leaf = X509CertificateLoader.LoadCertificateFromFile(made.CertificatePath);
        using var ca = X509CertificateLoader.LoadCertificateFromFile(made.CaPath);

        var names = leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single();
        Assert.Equal(["localhost", "route-guide.localhost"], names.EnumerateDnsNames());
        Assert.Equal([IPAddress.Loopback, IPAddress.IPv6Loopback], names.EnumerateIPAddresses());
        Assert.Equal("1.3.6.1.5.5.7.3.1", Assert.Single(leaf.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single().EnhancedKeyUsages.Cast<Oid>()).Value);
        Assert.Equal(
            ca.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single().SubjectKeyIdentifier,
            Convert.ToHexString(leaf.Extensions.OfType<X509AuthorityKeyIdentifierExtension>().Single().KeyIdentifier!.Value.Span));
        Assert.Equal("1.2.840.10045.3.1.7", leaf.GetECDsaPublicKey()!.ExportParameters(false).Curve.Oid.Value);
        Assert.True(Chains(leaf, ca));
    }

    [Fact]
    public void Lifetimes_are_ten_years_and_at_most_397_days_and_begin_a_day_ago()
    {
        var made = Make();
        using var leaf = X509CertificateLoader.LoadCertificateFromFile(made.CertificatePath);
        using var ca = X509CertificateLoader.LoadCertificateFromFile(made.CaPath);

        Assert.InRange((leaf.NotAfter - leaf.NotBefore).TotalDays, 390, 397.01);
        Assert.InRange((ca.NotAfter - ca.NotBefore).TotalDays, 3650, 3652);
        Assert.InRange((_clock.GetUtcNow() - leaf.NotBefore).TotalHours, 23.9, 24.1);
    }

    [Fact]
    public void The_ca_is_no_good_for_other_names()
    {
        var made = Make();
        using var ca = X509Certificate2.CreateFromPemFile(made.CaPath, Path.Combine(_folder, "ca-key.pem"));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=bank.example", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("bank.example");
        request.CertificateExtensions.Add(names.Build());
        using var stolen = request.Create(ca, _clock.GetUtcNow().AddHours(-1), _clock.GetUtcNow().AddDays(1), [1, 2, 3]);

        Assert.False(Chains(stolen, ca));
    }

    [Fact]
    public void Only_the_owner_can_read_the_keys()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file modes.");
        if (OperatingSystem.IsWindows()) return;
        var made = Make();

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_folder));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(made.KeyPath));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_folder, "ca-key.pem")));
    }

    [Fact]
    public void A_second_start_keeps_what_is_there()
    {
        var made = Make();
        var before = Contents();
        _said.Clear();

        Assert.Equal(made, Make());
        Assert.Equal(before, Contents());
        Assert.Empty(_said);
    }

    [Fact]
    public void A_leaf_with_less_than_thirty_days_left_is_renewed_and_the_ca_kept()
    {
        var made = Make();
        var ca = File.ReadAllText(made.CaPath);
        var leaf = File.ReadAllText(made.CertificatePath);
        _said.Clear();

        _clock.Offset = TimeSpan.FromDays(365);
        Make();
        Assert.Equal(leaf, File.ReadAllText(made.CertificatePath));

        _clock.Offset = TimeSpan.FromDays(368);
        Make();
        Assert.NotEqual(leaf, File.ReadAllText(made.CertificatePath));
        Assert.Equal(ca, File.ReadAllText(made.CaPath));
        Assert.Contains("localhost.pem", Assert.Single(_said), StringComparison.Ordinal);
    }

    [Fact]
    public void A_clock_that_was_set_back_by_hours_changes_nothing()
    {
        Make();
        var before = Contents();

        _clock.Offset = TimeSpan.FromHours(-20);
        Make();

        Assert.Equal(before, Contents());
    }

    [Theory]
    [InlineData("localhost.pem", "")]
    [InlineData("localhost.pem", "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")]
    [InlineData("localhost-key.pem", "torn")]
    [InlineData("ca.pem", "torn")]
    [InlineData("ca-key.pem", "")]
    public void A_spoilt_file_is_replaced_and_named_in_a_line(string file, string content)
    {
        Make();
        _said.Clear();
        File.WriteAllText(Path.Combine(_folder, file), content);

        var made = Make();

        using var leaf = X509Certificate2.CreateFromPemFile(made.CertificatePath, made.KeyPath);
        using var ca = X509CertificateLoader.LoadCertificateFromFile(made.CaPath);
        Assert.True(Chains(leaf, ca));
        Assert.Contains(_said, line => line.Contains("is made anew", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("localhost.pem")]
    [InlineData("localhost-key.pem")]
    [InlineData("ca.pem")]
    [InlineData("ca-key.pem")]
    public void A_missing_file_is_made_again_with_what_belongs_to_it(string file)
    {
        Make();
        File.Delete(Path.Combine(_folder, file));

        var made = Make();

        using var leaf = X509Certificate2.CreateFromPemFile(made.CertificatePath, made.KeyPath);
        using var ca = X509CertificateLoader.LoadCertificateFromFile(made.CaPath);
        Assert.True(Chains(leaf, ca));
    }

    [Fact]
    public void A_key_that_others_can_read_is_replaced()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file modes.");
        if (OperatingSystem.IsWindows()) return;
        var made = Make();
        var key = File.ReadAllText(made.KeyPath);
        File.SetUnixFileMode(made.KeyPath, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);

        Make();

        Assert.NotEqual(key, File.ReadAllText(made.KeyPath));
    }

    [Fact]
    public async Task Many_at_once_agree_on_one_pair()
    {
        var made = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => Task.Run(() => new DevelopmentCertificates(_folder, _clock, _ => { }).Get())));

        Assert.Single(made.Distinct());
        using var leaf = X509Certificate2.CreateFromPemFile(made[0].CertificatePath, made[0].KeyPath);
        using var ca = X509CertificateLoader.LoadCertificateFromFile(made[0].CaPath);
        Assert.True(Chains(leaf, ca));
        Assert.DoesNotContain(Directory.EnumerateFiles(_folder), f => f.EndsWith(".tmp", StringComparison.Ordinal));
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_a_clear_error()
    {
        var file = Path.Combine(Path.GetDirectoryName(_folder)!, "a-file");
        File.WriteAllText(file, "");
        var certificates = new DevelopmentCertificates(Path.Combine(file, "certs"), _clock, _ => { });

        var fault = Assert.Throws<Aspire.Hosting.DistributedApplicationException>(certificates.Get);

        Assert.Contains("ROUTEGUIDE_HOME", fault.Message, StringComparison.Ordinal);
        Assert.Contains(file, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Openssl_finds_and_verifies_the_ca()
    {
        var made = Make();
        var directory = Openssl("verify", "-CApath", made.RootsDirectory, made.CertificatePath);

        Assert.Contains("localhost.pem: OK", directory, StringComparison.Ordinal);
        Assert.Equal(CertificateFactory.OpenSslHash(CertificateFactory.CaCommonName), Openssl("x509", "-noout", "-subject_hash", "-in", made.CaPath).Trim());
    }

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_folder)!, recursive: true);

    private static string Openssl(params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("openssl", arguments) { RedirectStandardOutput = true })!;
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return output;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("openssl is not installed.");
            throw;
        }
    }

    private bool Chains(X509Certificate2 leaf, X509Certificate2 ca)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(ca);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = _clock.GetUtcNow().UtcDateTime;
        return chain.Build(leaf);
    }

    private DevelopmentCertificate Make() => new DevelopmentCertificates(_folder, _clock, _said.Add).Get();

    private Dictionary<string, string> Contents() => Directory.EnumerateFiles(_folder, "*.pem", SearchOption.AllDirectories).ToDictionary(f => f, File.ReadAllText);

    private sealed class Clock : TimeProvider
    {
        public TimeSpan Offset { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Offset;
    }
}
