using System.Buffers.Binary;

namespace RouteGuide.Http2.Hpack;

/// <summary>
/// Decodes Huffman strings (RFC 7541 section 5.2): eleven bits at a time looked up in a table that answers with one or two symbols;
/// the few codes that are longer are found by their length.
/// </summary>
internal static class HuffmanDecoder
{
    private const int TableBits = 11;

    // An answer: bits 0-7 first symbol, 8-15 second symbol, 16-19 bits used, 20-21 symbols found (0: the code is longer than the table).
    private static readonly uint[] Table = BuildTable();

    /// <summary>Octets that a string of <paramref name="encodedLength"/> octets can decode to at most (the shortest code has 5 bits).</summary>
    public static int MaxDecodedLength(int encodedLength) => (int)((long)encodedLength * 8 / 5);

    /// <summary>Decodes a string.</summary>
    /// <param name="source">The whole encoded string.</param>
    /// <param name="destination">Room for <see cref="MaxDecodedLength"/> octets.</param>
    /// <returns>Octets written, or -1 if the string holds EOS or ends in more than seven bits or other bits than those of EOS.</returns>
    public static int Decode(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        var bits = 0ul; // left-aligned: the next code begins at the highest bit
        var count = 0; // valid bits in it
        var written = 0;
        while (true)
        {
            if (count <= 32) count = Refill(ref source, ref bits, count);
            if (count < TableBits && source.IsEmpty) break;

            var answer = Table[(int)(bits >> (64 - TableBits))];
            var symbols = (int)(answer >> 20);
            if (symbols == 0)
            {
                var length = LongCode(bits, out var symbol);
                if (length > count || symbol == HuffmanCode.EndOfString) return -1;
                destination[written++] = (byte)symbol;
                bits <<= length;
                count -= length;
                continue;
            }

            destination[written] = (byte)answer;
            if (symbols == 2) destination[written + 1] = (byte)(answer >> 8);
            written += symbols;
            var used = (int)(answer >> 16) & 0xf;
            bits <<= used;
            count -= used;
        }

        return DecodeTail(bits, count, destination, written);
    }

    // Fewer bits than the table asks for are left: symbol by symbol, and then the padding.
    private static int DecodeTail(ulong bits, int count, Span<byte> destination, int written)
    {
        while (count > 0)
        {
            var length = LongCode(bits, out var symbol);
            if (length > count)
            {
                // Padding is the beginning of EOS, all ones, and shorter than an octet.
                var isPadding = count < 8 && bits >> (64 - count) == (1ul << count) - 1;
                return isPadding ? written : -1;
            }

            destination[written++] = (byte)symbol;
            bits <<= length;
            count -= length;
        }

        return written;
    }

    private static int Refill(ref ReadOnlySpan<byte> source, ref ulong bits, int count)
    {
        if (source.Length >= 4)
        {
            bits |= (ulong)BinaryPrimitives.ReadUInt32BigEndian(source) << (32 - count);
            source = source[4..];
            return count + 32;
        }

        foreach (var octet in source)
        {
            bits |= (ulong)octet << (56 - count);
            count += 8;
        }

        source = default;
        return count;
    }

    private static int LongCode(ulong bits, out int symbol)
    {
        var head = bits >> 32;
        var length = 5;
        while (length < HuffmanCode.LongestCode && head >= HuffmanCode.Limits[length]) length++;
        symbol = HuffmanCode.Symbols[Math.Min(HuffmanCode.Offsets[length] + (int)(head >> (32 - length)), HuffmanCode.EndOfString)];
        return length;
    }

    private static uint[] BuildTable()
    {
        var table = new uint[1 << TableBits];
        for (var index = 0; index < table.Length; index++)
        {
            var bits = (ulong)index << (64 - TableBits);
            var first = LongCode(bits, out var one);
            if (first > TableBits) continue;
            var second = LongCode(bits << first, out var two);
            table[index] = first + second <= TableBits
                ? (uint)(one | (two << 8) | ((first + second) << 16) | (2 << 20))
                : (uint)(one | (first << 16) | (1 << 20));
        }

        return table;
    }
}
