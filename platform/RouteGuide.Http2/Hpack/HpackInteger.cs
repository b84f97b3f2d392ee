namespace RouteGuide.Http2.Hpack;

/// <summary>Integers with a prefix (RFC 7541 section 5.1).</summary>
internal static class HpackInteger
{
    /// <summary>Octets that an integer of this code takes at most: the prefix and five groups of seven bits.</summary>
    public const int MaxLength = 6;

    /// <summary>Reads an integer.</summary>
    /// <param name="source">Begins with the octet that holds the prefix; on success, moved behind the integer.</param>
    /// <param name="prefixBits">1 to 8.</param>
    /// <param name="value">0 to 2^31-1.</param>
    /// <returns>False if it is cut off, has more than five octets after the prefix or exceeds 2^31-1: more than anything here can mean.</returns>
    public static bool TryRead(ref ReadOnlySpan<byte> source, int prefixBits, out int value)
    {
        var mask = (1 << prefixBits) - 1;
        value = 0;
        if (source.IsEmpty) return false;
        var prefix = source[0] & mask;
        if (prefix < mask)
        {
            value = prefix;
            source = source[1..];
            return true;
        }

        var sum = (long)prefix;
        for (var i = 1; i < MaxLength; i++)
        {
            if (i >= source.Length) return false;
            var octet = source[i];
            sum += (long)(octet & 0x7f) << (7 * (i - 1));
            if ((octet & 0x80) != 0) continue;
            if (sum > int.MaxValue) return false;
            value = (int)sum;
            source = source[(i + 1)..];
            return true;
        }

        return false;
    }

    /// <summary>Writes an integer and returns the octets written.</summary>
    /// <param name="destination">Room for <see cref="MaxLength"/> octets.</param>
    /// <param name="firstOctet">The bits before the prefix.</param>
    /// <param name="prefixBits">1 to 8.</param>
    /// <param name="value">0 to 2^31-1.</param>
    public static int Write(Span<byte> destination, byte firstOctet, int prefixBits, int value)
    {
        var mask = (1 << prefixBits) - 1;
        if (value < mask)
        {
            destination[0] = (byte)(firstOctet | value);
            return 1;
        }

        destination[0] = (byte)(firstOctet | mask);
        value -= mask;
        var written = 1;
        for (; value >= 0x80; value >>= 7) destination[written++] = (byte)(value | 0x80);
        destination[written++] = (byte)value;
        return written;
    }
}
