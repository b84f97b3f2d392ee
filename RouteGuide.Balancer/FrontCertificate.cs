using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Balancer;

/// <summary>
/// Looks at the certificate that Kestrel's own configuration names (<c>Kestrel:Certificates:Default</c>) before Kestrel does, so that a
/// missing or broken file is told by its setting and name.
/// </summary>
internal static class FrontCertificate
{
    public const string Section = "Kestrel:Certificates:Default";

    /// <exception cref="ConfigurationException">A certificate is named but cannot be used.</exception>
    public static void Check(IConfiguration configuration)
    {
        var section = configuration.GetSection(Section);
        if (section["Path"] is not { Length: > 0 } path) return;

        var keyPath = section["KeyPath"];
        var password = section["Password"];
        RequireFile($"{Section}:Path", path);
        if (keyPath is { Length: > 0 }) RequireFile($"{Section}:KeyPath", keyPath);
        try
        {
            using var certificate = keyPath is not { Length: > 0 } ? X509CertificateLoader.LoadPkcs12FromFile(path, password)
                : password is { Length: > 0 } ? X509Certificate2.CreateFromEncryptedPemFile(path, password, keyPath)
                : X509Certificate2.CreateFromPemFile(path, keyPath);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            var files = keyPath is { Length: > 0 } ? $"'{path}' with the key '{keyPath}'" : $"'{path}'";
            throw new ConfigurationException($"{Section}:Path: {files} is not a usable certificate: {ServiceProgram.OneLine(e.Message)}", e);
        }
    }

    private static void RequireFile(string setting, string path)
    {
        if (!File.Exists(path)) throw new ConfigurationException($"{setting}: there is no file '{path}'.");
    }
}
