using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Balancer;

/// <summary>
/// The certificate that clients see. It stands where Kestrel's own configuration has it (<c>Kestrel:Certificates:Default</c>); without
/// one, the development certificate of the machine is taken. What is wrong with a file is told by its setting and name.
/// </summary>
internal static class FrontCertificate
{
    public const string Section = "Kestrel:Certificates:Default";

    // The extension that marks the development certificates of ASP.NET Core.
    private const string DevelopmentOid = "1.3.6.1.4.1.311.84.1.1";

    /// <summary>What TLS on the fronts needs.</summary>
    /// <param name="configuration">Where the certificate is named.</param>
    /// <param name="listener">For the error that there is none.</param>
    /// <exception cref="ConfigurationException">There is no certificate, or it cannot be used.</exception>
    public static SslServerAuthenticationOptions Load(IConfiguration configuration, ListenerSettings listener)
    {
        var certificate = FromFiles(configuration) ?? Development()
            ?? throw new ConfigurationException($"{Section}: no certificate is configured for {listener}; set Path and KeyPath to a certificate and its key.");
        return new SslServerAuthenticationOptions
        {
            // With its intermediates, built once and not per handshake.
            ServerCertificateContext = certificate,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
            ClientCertificateRequired = false,
            AllowRenegotiation = false,
        };
    }

    private static SslStreamCertificateContext? FromFiles(IConfiguration configuration)
    {
        var section = configuration.GetSection(Section);
        if (section["Path"] is not { Length: > 0 } path) return null;

        var keyPath = section["KeyPath"];
        var password = section["Password"];
        RequireFile($"{Section}:Path", path);
        if (keyPath is { Length: > 0 }) RequireFile($"{Section}:KeyPath", keyPath);
        try
        {
            if (keyPath is not { Length: > 0 }) return SslStreamCertificateContext.Create(X509CertificateLoader.LoadPkcs12FromFile(path, password), additionalCertificates: null, offline: true);
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(path);
            var certificate = password is { Length: > 0 } ? X509Certificate2.CreateFromEncryptedPemFile(path, password, keyPath) : X509Certificate2.CreateFromPemFile(path, keyPath);
            return SslStreamCertificateContext.Create(Usable(certificate), chain, offline: true);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            var files = keyPath is { Length: > 0 } ? $"'{path}' with the key '{keyPath}'" : $"'{path}'";
            throw new ConfigurationException($"{Section}:Path: {files} is not a usable certificate: {ServiceProgram.OneLine(e.Message)}", e);
        }
    }

    // Windows cannot serve with a key that lives in memory alone.
    private static X509Certificate2 Usable(X509Certificate2 certificate)
    {
        if (!OperatingSystem.IsWindows()) return certificate;
        using (certificate) return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), password: null);
    }

    private static SslStreamCertificateContext? Development()
    {
        using var store = new X509Store(StoreName.My, StoreLocation.CurrentUser);
        store.Open(OpenFlags.ReadOnly);
        var now = DateTime.Now;
        var best = store.Certificates
            .Where(c => c.HasPrivateKey && c.NotBefore <= now && now <= c.NotAfter && c.Extensions.Any(e => e.Oid?.Value == DevelopmentOid))
            .MaxBy(c => c.NotAfter);
        return best is null ? null : SslStreamCertificateContext.Create(best, additionalCertificates: null, offline: true);
    }

    private static void RequireFile(string setting, string path)
    {
        if (!File.Exists(path)) throw new ConfigurationException($"{setting}: there is no file '{path}'.");
    }
}
