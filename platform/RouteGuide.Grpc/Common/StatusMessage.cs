using System.Buffers;
using System.Globalization;
using System.Text;

namespace Grpc.Internal;

/// <summary>
/// The percent-encoding of <c>grpc-message</c> (gRPC over HTTP/2, "Responses"): UTF-8, of which the bytes 0x20 to 0x7E
/// except '%' stand for themselves and every other byte is written as '%' and two upper-case hexadecimal digits.
/// </summary>
internal static class StatusMessage
{
    private static readonly SearchValues<char> Unescaped = SearchValues.Create(
        string.Create(0x7E - 0x20, 0, static (all, _) =>
        {
            var at = 0;
            for (var c = ' '; c <= '~'; c++)
            {
                if (c != '%') all[at++] = c;
            }
        }));

    public static string Encode(string message)
    {
        var first = message.AsSpan().IndexOfAnyExcept(Unescaped);
        if (first < 0) return message;

        var encoded = new StringBuilder(message.Length + 16).Append(message, 0, first);
        Span<byte> utf8 = stackalloc byte[4];
        // A lone surrogate enumerates as U+FFFD, so that what is sent is always valid UTF-8.
        foreach (var rune in message.AsSpan(first).EnumerateRunes())
        {
            if (rune.IsAscii && Unescaped.Contains((char)rune.Value))
            {
                encoded.Append((char)rune.Value);
                continue;
            }

            var length = rune.EncodeToUtf8(utf8);
            foreach (var b in utf8[..length]) encoded.Append('%').Append(b.ToString("X2", CultureInfo.InvariantCulture));
        }

        return encoded.ToString();
    }

    /// <summary>
    /// Undoes <see cref="Encode"/>. A peer's mistake must not hide its message: what is not a valid escape stays as it is,
    /// and bytes that are not UTF-8 become U+FFFD.
    /// </summary>
    public static string Decode(string message)
    {
        var first = message.IndexOf('%', StringComparison.Ordinal);
        if (first < 0) return message;

        var utf8 = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(message.Length));
        try
        {
            var length = 0;
            var rest = message.AsSpan();
            while (!rest.IsEmpty)
            {
                if (rest[0] == '%')
                {
                    if (rest.Length >= 3 && char.IsAsciiHexDigit(rest[1]) && char.IsAsciiHexDigit(rest[2]))
                    {
                        utf8[length++] = byte.Parse(rest[1..3], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
                        rest = rest[3..];
                    }
                    else
                    {
                        utf8[length++] = (byte)'%';
                        rest = rest[1..];
                    }

                    continue;
                }

                var plain = rest.IndexOf('%');
                if (plain < 0) plain = rest.Length;
                length += Encoding.UTF8.GetBytes(rest[..plain], utf8.AsSpan(length));
                rest = rest[plain..];
            }

            return Encoding.UTF8.GetString(utf8, 0, length);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(utf8);
        }
    }
}
