using System.Formats.Asn1;
using System.Globalization;
using System.Text;

namespace RouteGuide.Http2.Transport.Tls;

/// <summary>
/// Writes a distinguished name as RFC 2253 has it: the most specific part first, special characters escaped. Beyond what that asks
/// for, every octet that is not printable ASCII is escaped too, so that no certificate can end a header field with what its name says.
/// </summary>
internal static class DistinguishedName
{
    // Section 2.3; other types are written as numbers, with their value in hexadecimal.
    private static readonly Dictionary<string, string> Types = new()
    {
        ["2.5.4.3"] = "CN",
        ["2.5.4.7"] = "L",
        ["2.5.4.8"] = "ST",
        ["2.5.4.10"] = "O",
        ["2.5.4.11"] = "OU",
        ["2.5.4.6"] = "C",
        ["2.5.4.9"] = "STREET",
        ["0.9.2342.19200300.100.1.25"] = "DC",
        ["0.9.2342.19200300.100.1.1"] = "UID",
    };

    /// <param name="name">DER of a Name (X.501).</param>
    /// <returns>Empty for an empty name; a note in brackets for what is no name.</returns>
    public static string ToRfc2253(byte[] name)
    {
        try
        {
            var parts = new List<string>();
            var sequence = new AsnReader(name, AsnEncodingRules.BER).ReadSequence();
            while (sequence.HasData) parts.Add(Part(sequence.ReadSetOf(skipSortOrderValidation: true)));
            parts.Reverse();
            return string.Join(',', parts);
        }
        catch (AsnContentException)
        {
            return "(unreadable)";
        }
    }

    private static string Part(AsnReader set)
    {
        var attributes = new List<string>();
        while (set.HasData)
        {
            var attribute = set.ReadSequence();
            var type = attribute.ReadObjectIdentifier();
            var value = attribute.ReadEncodedValue();
            attributes.Add(Types.TryGetValue(type, out var known) && Text(value) is { } text ? $"{known}={Escape(text)}" : $"{known ?? type}=#{Convert.ToHexString(value.Span)}");
        }

        return string.Join('+', attributes);
    }

    // Null for what is no text.
    private static string? Text(ReadOnlyMemory<byte> value)
    {
        var reader = new AsnReader(value, AsnEncodingRules.BER);
        var tag = reader.PeekTag();
        if (tag.TagClass != TagClass.Universal) return null;
        return (UniversalTagNumber)tag.TagValue switch
        {
            var number and (UniversalTagNumber.UTF8String or UniversalTagNumber.PrintableString or UniversalTagNumber.IA5String or UniversalTagNumber.BMPString
                or UniversalTagNumber.NumericString or UniversalTagNumber.VisibleString or UniversalTagNumber.T61String) => reader.ReadCharacterString(number),
            _ => null,
        };
    }

    // Section 2.4.
    private static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length + 8);
        var octets = Encoding.UTF8.GetBytes(text);
        for (var i = 0; i < octets.Length; i++)
        {
            var octet = octets[i];
            var isEdge = i == 0 || i == octets.Length - 1;
            if (octet is < 0x20 or > 0x7e) escaped.Append('\\').Append(octet.ToString("X2", CultureInfo.InvariantCulture));
            else if (octet is (byte)',' or (byte)'+' or (byte)'"' or (byte)'\\' or (byte)'<' or (byte)'>' or (byte)';' || (octet == ' ' && isEdge) || (octet == '#' && i == 0)) escaped.Append('\\').Append((char)octet);
            else escaped.Append((char)octet);
        }

        return escaped.ToString();
    }
}
