using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Aspire.Hosting.Certificates;

/// <summary>Makes the development CA and the leaf that it signs (RFC 5280), ECDSA P-256.</summary>
internal static class CertificateFactory
{
    public const string CaCommonName = "RouteGuide development CA";

    public static readonly TimeSpan CaLifetime = TimeSpan.FromDays(3650);

    /// <summary>What browsers accept at most is 398 days.</summary>
    public static readonly TimeSpan LeafLifetime = TimeSpan.FromDays(397);

    /// <summary>The names that the leaf is for.</summary>
    public static readonly IReadOnlyList<string> DnsNames = ["localhost", "route-guide.localhost"];

    /// <summary>The addresses that the leaf is for.</summary>
    public static readonly IReadOnlyList<IPAddress> Addresses = [IPAddress.Loopback, IPAddress.IPv6Loopback];

    // A clock that was set back by hours must not make the certificate one of the future.
    private static readonly TimeSpan ClockSlack = TimeSpan.FromDays(1);

    public static (X509Certificate2 Certificate, ECDsa Key) CreateCa(DateTimeOffset now)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={CaCommonName}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        var subject = new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false);
        request.CertificateExtensions.Add(subject);
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(subject));
        request.CertificateExtensions.Add(OnlyLocalhost());
        return (request.CreateSelfSigned(now - ClockSlack, now + CaLifetime), key);
    }

    public static (X509Certificate2 Certificate, ECDsa Key) CreateLeaf(X509Certificate2 ca, ECDsa caKey, DateTimeOffset now)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1", "serverAuth")], critical: false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(ca, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        var names = new SubjectAlternativeNameBuilder();
        foreach (var name in DnsNames) names.AddDnsName(name);
        foreach (var address in Addresses) names.AddIpAddress(address);
        request.CertificateExtensions.Add(names.Build());

        var end = now + LeafLifetime - ClockSlack;
        if (end > ca.NotAfter) end = ca.NotAfter;
        var generator = X509SignatureGenerator.CreateForECDsa(caKey);
        return (request.Create(ca.SubjectName, generator, now - ClockSlack, end, SerialNumber()), key);
    }

    /// <summary>
    /// The name under which OpenSSL looks for a CA in a directory: a hash of the subject in its canonical form (texts as UTF-8,
    /// lower case, blanks collapsed, without the outer SEQUENCE), see X509_NAME_hash_ex(3).
    /// </summary>
    public static string OpenSslHash(string commonName)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSetOf())
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier("2.5.4.3");
            writer.WriteCharacterString(UniversalTagNumber.UTF8String, commonName.ToLowerInvariant());
        }

#pragma warning disable CA5350 // A file name that OpenSSL prescribes, not a signature.
        var hash = SHA1.HashData(writer.Encode());
#pragma warning restore CA5350
        return $"{BitConverter.ToUInt32(hash):x8}";
    }

    /// <summary>
    /// RFC 5280 section 4.2.1.10: whoever trusts this CA trusts it for localhost and the names below it, and for no other name, even if
    /// its key is stolen. Addresses stay unconstrained: BoringSSL, and so every gRPC client built on it, refuses chains that constrain them.
    /// </summary>
    private static X509Extension OnlyLocalhost()
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
        using (writer.PushSequence())
        {
            writer.WriteCharacterString(UniversalTagNumber.IA5String, "localhost", new Asn1Tag(TagClass.ContextSpecific, 2));
        }

        return new X509Extension(new Oid("2.5.29.30", "nameConstraints"), writer.Encode(), critical: true);
    }

    private static byte[] SerialNumber()
    {
        // RFC 5280 section 4.1.2.2: positive, at most 20 octets, and unguessable by custom.
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x3f) | 0x40);
        return serial;
    }
}
