using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using RouteGuide.Balancer.Transport.OpenSsl;

namespace RouteGuide.Balancer.Transport.Tls;

/// <summary>A certificate with its key, ready for handshakes.</summary>
internal sealed class LoadedCertificate
{
    private readonly X509Certificate2 _certificate;
    private readonly Lazy<OpenSslContext?> _openSsl;

    /// <param name="certificate">With its key.</param>
    /// <param name="others">Its intermediates; it may be among them.</param>
    /// <exception cref="CryptographicException">Its names cannot be read.</exception>
    public LoadedCertificate(X509Certificate2 certificate, X509Certificate2Collection? others)
    {
        _certificate = certificate;
        // Built once and not per handshake, and without asking the network for what is missing.
        Context = SslStreamCertificateContext.Create(certificate, others, offline: true);
        _openSsl = new Lazy<OpenSslContext?>(() => OpenSslContext.TryMake(Context));
        Names = [.. certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(e => e.EnumerateDnsNames())];
    }

    public SslStreamCertificateContext Context { get; }

    /// <summary>The same for OpenSSL; null where it is not used.</summary>
    public OpenSslContext? OpenSsl => _openSsl.Value;

    /// <summary>The host names that it is for, wildcards among them.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>From when on it is valid, for people.</summary>
    public string From => Text(_certificate.NotBefore);

    /// <summary>Until when it is valid, for people.</summary>
    public string To => Text(_certificate.NotAfter);

    public bool IsValidAt(DateTime utc) => _certificate.NotBefore.ToUniversalTime() <= utc && utc <= _certificate.NotAfter.ToUniversalTime();

    public override string ToString() => Names.Count > 0 ? string.Join(", ", Names) : _certificate.Subject;

    private static string Text(DateTime time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
