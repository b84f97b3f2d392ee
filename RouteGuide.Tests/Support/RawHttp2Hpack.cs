using System.Text;

namespace RouteGuide.Tests.Support;

/// <summary>
/// HPACK (RFC 7541) for tests, independent of what it tests. It sends literals only. It understands the static table,
/// literals and Huffman, and no dynamic table: the peer is told that the table has size 0.
/// </summary>
internal static class RawHttp2Hpack
{
    private const int EndOfString = 256;

    // RFC 7541, Appendix B: the code is canonical, so the lengths in bits say it all.
    private static readonly byte[] HuffmanLengths =
    [
        13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
        6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
        13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
        15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
        20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
        22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
        26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
        20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
        30,
    ];

    private static readonly Dictionary<(int Length, uint Code), int> HuffmanSymbols = BuildHuffman();

    // RFC 7541, Appendix A; index 0 does not exist.
    private static readonly (string Name, string Value)[] StaticTable =
    [
        ("", ""), (":authority", ""), (":method", "GET"), (":method", "POST"), (":path", "/"), (":path", "/index.html"),
        (":scheme", "http"), (":scheme", "https"), (":status", "200"), (":status", "204"), (":status", "206"), (":status", "304"),
        (":status", "400"), (":status", "404"), (":status", "500"), ("accept-charset", ""), ("accept-encoding", "gzip, deflate"),
        ("accept-language", ""), ("accept-ranges", ""), ("accept", ""), ("access-control-allow-origin", ""), ("age", ""), ("allow", ""),
        ("authorization", ""), ("cache-control", ""), ("content-disposition", ""), ("content-encoding", ""), ("content-language", ""),
        ("content-length", ""), ("content-location", ""), ("content-range", ""), ("content-type", ""), ("cookie", ""), ("date", ""),
        ("etag", ""), ("expect", ""), ("expires", ""), ("from", ""), ("host", ""), ("if-match", ""), ("if-modified-since", ""),
        ("if-none-match", ""), ("if-range", ""), ("if-unmodified-since", ""), ("last-modified", ""), ("link", ""), ("location", ""),
        ("max-forwards", ""), ("proxy-authenticate", ""), ("proxy-authorization", ""), ("range", ""), ("referer", ""), ("refresh", ""),
        ("retry-after", ""), ("server", ""), ("set-cookie", ""), ("strict-transport-security", ""), ("transfer-encoding", ""),
        ("user-agent", ""), ("vary", ""), ("via", ""), ("www-authenticate", ""),
    ];

    /// <summary>Writes each field as a literal without indexing, with a literal name and no Huffman. Text is sent as Latin-1.</summary>
    public static byte[] Encode(IEnumerable<(string Name, string Value)> headers)
    {
        using var block = new MemoryStream();
        foreach (var (name, value) in headers)
        {
            block.WriteByte(0);
            WriteString(block, name);
            WriteString(block, value);
        }

        return block.ToArray();
    }

    /// <exception cref="InvalidDataException">The block breaks RFC 7541, or needs the dynamic table that we do not have.</exception>
    public static List<(string Name, string Value)> Decode(ReadOnlySpan<byte> block)
    {
        List<(string, string)> headers = [];
        while (!block.IsEmpty)
        {
            var first = block[0];
            if ((first & 0x80) != 0)
            {
                headers.Add(Static(ReadInteger(ref block, 7)));
            }
            else if ((first & 0xE0) == 0x20)
            {
                var size = ReadInteger(ref block, 5);
                if (size != 0) throw new InvalidDataException($"The peer sets its dynamic table to {size} bytes, though it was told that there is none.");
            }
            else
            {
                // With incremental indexing, without, or never: the same without a table.
                var index = ReadInteger(ref block, (first & 0x40) != 0 ? 6 : 4);
                var name = index == 0 ? ReadString(ref block) : Static(index).Name;
                headers.Add((name, ReadString(ref block)));
            }
        }

        return headers;
    }

    private static (string Name, string Value) Static(int index) =>
        index > 0 && index < StaticTable.Length
            ? StaticTable[index]
            : throw new InvalidDataException($"The peer refers to entry {index}, which is not in the static table.");

    private static void WriteString(MemoryStream block, string text)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        WriteInteger(block, bytes.Length, 7);
        block.Write(bytes);
    }

    private static void WriteInteger(MemoryStream block, int value, int prefixBits)
    {
        var max = (1 << prefixBits) - 1;
        if (value < max)
        {
            block.WriteByte((byte)value);
            return;
        }

        block.WriteByte((byte)max);
        for (value -= max; value >= 0x80; value >>= 7) block.WriteByte((byte)(value & 0x7F | 0x80));
        block.WriteByte((byte)value);
    }

    private static int ReadInteger(ref ReadOnlySpan<byte> block, int prefixBits)
    {
        var max = (1 << prefixBits) - 1;
        var value = Take(ref block) & max;
        if (value < max) return value;
        for (var shift = 0; ; shift += 7)
        {
            if (shift > 21) throw new InvalidDataException("An integer has too many bytes.");
            var next = Take(ref block);
            value += (next & 0x7F) << shift;
            if ((next & 0x80) == 0) return value;
        }
    }

    private static string ReadString(ref ReadOnlySpan<byte> block)
    {
        if (block.IsEmpty) throw new InvalidDataException("The header block ends early.");
        var isHuffman = (block[0] & 0x80) != 0;
        var length = ReadInteger(ref block, 7);
        if (length > block.Length) throw new InvalidDataException("The header block ends early.");
        var bytes = block[..length];
        block = block[length..];
        return Encoding.Latin1.GetString(isHuffman ? DecodeHuffman(bytes) : bytes);
    }

    private static byte Take(ref ReadOnlySpan<byte> block)
    {
        if (block.IsEmpty) throw new InvalidDataException("The header block ends early.");
        var first = block[0];
        block = block[1..];
        return first;
    }

    private static byte[] DecodeHuffman(ReadOnlySpan<byte> bytes)
    {
        List<byte> decoded = [];
        var code = 0u;
        var length = 0;
        foreach (var b in bytes)
        {
            for (var bit = 7; bit >= 0; bit--)
            {
                code = code << 1 | (uint)(b >> bit & 1);
                length++;
                if (!HuffmanSymbols.TryGetValue((length, code), out var symbol)) continue;
                if (symbol == EndOfString) throw new InvalidDataException("A Huffman string holds the end-of-string symbol.");
                decoded.Add((byte)symbol);
                code = 0;
                length = 0;
            }
        }

        // RFC 7541, 5.2: padding is the start of the end-of-string code, fewer than eight ones.
        if (length > 7 || code != (1u << length) - 1) throw new InvalidDataException("A Huffman string is padded wrongly.");
        return [.. decoded];
    }

    private static Dictionary<(int, uint), int> BuildHuffman()
    {
        Dictionary<(int, uint), int> symbols = [];
        var code = 0u;
        var previous = 0;
        foreach (var symbol in Enumerable.Range(0, HuffmanLengths.Length).OrderBy(s => HuffmanLengths[s]).ThenBy(s => s))
        {
            var length = HuffmanLengths[symbol];
            if (previous > 0) code = code + 1 << length - previous;
            previous = length;
            symbols.Add((length, code), symbol);
        }

        return symbols;
    }
}
