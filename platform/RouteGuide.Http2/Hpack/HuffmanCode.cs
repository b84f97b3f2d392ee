namespace RouteGuide.Http2.Hpack;

/// <summary>
/// The code of RFC 7541 appendix B. It is canonical: codes of one length are consecutive in the order of their symbols, so the
/// lengths are all there is to know.
/// </summary>
internal static class HuffmanCode
{
    /// <summary>The end-of-string symbol; it never stands in a string (RFC 7541 section 5.2).</summary>
    public const int EndOfString = 256;

    /// <summary>Bits of the longest code.</summary>
    public const int LongestCode = 30;

    /// <summary>Bits of the code of each symbol, 0 to 256.</summary>
    public static ReadOnlySpan<byte> Lengths =>
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

    /// <summary>The code of each symbol, right-aligned.</summary>
    public static readonly uint[] Codes = new uint[257];

    /// <summary>The symbols in the order of their codes.</summary>
    public static readonly ushort[] Symbols = new ushort[257];

    /// <summary>Per length: what lies behind the last code that is as short or shorter, left-aligned to 32 bits.</summary>
    public static readonly ulong[] Limits = new ulong[LongestCode + 1];

    /// <summary>Per length: where in <see cref="Symbols"/> a code of this length lies, less the code itself.</summary>
    public static readonly int[] Offsets = new int[LongestCode + 1];

    static HuffmanCode()
    {
        var code = 0u;
        var rank = 0;
        for (var length = 1; length <= LongestCode; length++)
        {
            code <<= 1;
            Offsets[length] = rank - (int)code;
            for (var symbol = 0; symbol < Lengths.Length; symbol++)
            {
                if (Lengths[symbol] != length) continue;
                Codes[symbol] = code++;
                Symbols[rank++] = (ushort)symbol;
            }

            Limits[length] = (ulong)code << (32 - length);
        }
    }
}
