namespace RouteGuide.Http2.Hpack;

/// <summary>Encodes Huffman strings (RFC 7541 section 5.2).</summary>
internal static class HuffmanEncoder
{
    /// <summary>Octets that <paramref name="source"/> takes encoded.</summary>
    public static int EncodedLength(ReadOnlySpan<byte> source)
    {
        var bits = 0L;
        foreach (var octet in source) bits += HuffmanCode.Lengths[octet];
        return (int)((bits + 7) / 8);
    }

    /// <summary>Encodes a string and returns the octets written.</summary>
    /// <param name="source">Any octets.</param>
    /// <param name="destination">Room for <see cref="EncodedLength"/> octets.</param>
    public static int Encode(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        var bits = 0ul; // right-aligned
        var count = 0;
        var written = 0;
        foreach (var octet in source)
        {
            var length = HuffmanCode.Lengths[octet];
            bits = (bits << length) | HuffmanCode.Codes[octet];
            count += length;
            for (; count >= 8; count -= 8) destination[written++] = (byte)(bits >> (count - 8));
        }

        if (count > 0) destination[written++] = (byte)((bits << (8 - count)) | (0xffu >> count));
        return written;
    }
}
