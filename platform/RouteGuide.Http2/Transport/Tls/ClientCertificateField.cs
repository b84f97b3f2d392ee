using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace RouteGuide.Http2.Transport.Tls;

/// <summary>A header field by which targets hear of a client's certificate: names and forms of AWS's Application Load Balancer.</summary>
/// <param name="Name">In lower case.</param>
/// <param name="Value">Printable ASCII.</param>
internal readonly record struct ClientCertificateField(string Name, string Value)
{
    /// <summary>What all names begin with; clients cannot send such fields.</summary>
    public const string Prefix = "x-amzn-mtls-";

    /// <summary>Octets of all values of one connection. 16 KiB: what gRPC's servers and Kestrel take in one field.</summary>
    public const int MaxLength = 16 * 1024;

    /// <summary>All that an unchecked client has shown, leaf first, as PEM in URL encoding.</summary>
    public static IReadOnlyList<ClientCertificateField> OfUnchecked(X509Certificate2 leaf, X509Chain? chain)
    {
        var pem = new StringBuilder(Pem(leaf));
        foreach (var other in chain?.ChainPolicy.ExtraStore ?? [])
        {
            // Once it is too much, the rest is not worth the work: a client may show a hundred.
            if (pem.Length > MaxLength) break;
            if (!other.RawDataMemory.Span.SequenceEqual(leaf.RawDataMemory.Span)) pem.Append(Pem(other));
        }

        return [new ClientCertificateField("x-amzn-mtls-clientcert", UrlEncode(pem.ToString()))];
    }

    /// <summary>The certificate of a client that was let in.</summary>
    public static IReadOnlyList<ClientCertificateField> OfVerified(X509Certificate2 leaf) =>
    [
        new("x-amzn-mtls-clientcert-serial-number", SerialNumber(leaf)),
        new("x-amzn-mtls-clientcert-issuer", DistinguishedName.ToRfc2253(leaf.IssuerName.RawData)),
        new("x-amzn-mtls-clientcert-subject", DistinguishedName.ToRfc2253(leaf.SubjectName.RawData)),
        new("x-amzn-mtls-clientcert-validity", $"NotBefore={Time(leaf.NotBefore)};NotAfter={Time(leaf.NotAfter)}"),
        new("x-amzn-mtls-clientcert-leaf", UrlEncode(Pem(leaf))),
    ];

    private static string Pem(X509Certificate2 certificate) => certificate.ExportCertificatePem() + "\n";

    // The octet that only says that the number is not negative is not of the number.
    private static string SerialNumber(X509Certificate2 certificate) =>
        certificate.SerialNumber is { Length: > 2 } text && text.StartsWith("00", StringComparison.Ordinal) ? text[2..] : certificate.SerialNumber;

    private static string Time(DateTime time) => time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    // '+', '=' and '/' are part of base64 and stay, as AWS has it.
    private static string UrlEncode(string text)
    {
        var encoded = new StringBuilder(text.Length + 64);
        foreach (var character in text)
        {
            if (char.IsAsciiLetterOrDigit(character) || character is '-' or '.' or '_' or '~' or '+' or '=' or '/') encoded.Append(character);
            else encoded.Append('%').Append(((int)character).ToString("X2", CultureInfo.InvariantCulture));
        }

        return encoded.ToString();
    }
}
