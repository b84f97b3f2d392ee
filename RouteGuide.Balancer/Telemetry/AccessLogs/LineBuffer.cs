using System.Buffers;
using System.Globalization;
using System.Text;

namespace RouteGuide.Balancer.Telemetry.AccessLogs;

/// <summary>Octets of lines that are written at once. What clients have sent goes in by the methods that escape it.</summary>
internal sealed class LineBuffer
{
    // Space to tilde without the quotation mark and the backslash.
    private static readonly SearchValues<byte> Plain = SearchValues.Create([.. Enumerable.Range(0x20, 0x5F).Select(i => (byte)i).Where(b => b is not ((byte)'"' or (byte)'\\'))]);

    private byte[] _octets = new byte[64 * 1024];

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Memory => _octets.AsMemory(0, Length);

    public void Clear() => Length = 0;

    /// <summary>Takes back the last octet.</summary>
    public LineBuffer CutOne()
    {
        Length--;
        return this;
    }

    public LineBuffer Raw(ReadOnlySpan<byte> octets)
    {
        octets.CopyTo(Reserve(octets.Length));
        Length += octets.Length;
        return this;
    }

    public LineBuffer Raw(string ascii)
    {
        Length += Encoding.UTF8.GetBytes(ascii, Reserve(Encoding.UTF8.GetMaxByteCount(ascii.Length)));
        return this;
    }

    public LineBuffer Number(long number)
    {
        number.TryFormat(Reserve(20), out var count, default, CultureInfo.InvariantCulture);
        Length += count;
        return this;
    }

    /// <summary>Seconds with six digits behind the point.</summary>
    /// <param name="ticks">Of 100 ns.</param>
    public LineBuffer Seconds(long ticks)
    {
        (ticks / (decimal)TimeSpan.TicksPerSecond).TryFormat(Reserve(40), out var count, "0.000000", CultureInfo.InvariantCulture);
        Length += count;
        return this;
    }

    public LineBuffer Time(DateTimeOffset time)
    {
        time.UtcDateTime.TryFormat(Reserve(40), out var count, "yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture);
        Length += count;
        return this;
    }

    /// <summary>Whatever is not a plain character as <c>\xHH</c>: nothing can end a field, or a line, but the writer.</summary>
    /// <param name="octets">From anywhere.</param>
    /// <param name="spaces">They may stay, as the field is in quotation marks.</param>
    public LineBuffer Escaped(ReadOnlySpan<byte> octets, bool spaces)
    {
        if (!octets.ContainsAnyExcept(Plain) && (spaces || !octets.Contains((byte)' '))) return Raw(octets);
        foreach (var octet in octets)
        {
            if (Plain.Contains(octet) && (spaces || octet != ' ')) Raw([octet]);
            else Raw(@"\x"u8).Raw([HexDigit(octet >> 4), HexDigit(octet & 15)]);
        }

        return this;
    }

    /// <summary>A JSON string, quotation marks included.</summary>
    public LineBuffer Json(ReadOnlySpan<byte> octets)
    {
        Raw("\""u8);
        if (octets.ContainsAnyExcept(Plain)) JsonEscaped(octets);
        else Raw(octets);
        return Raw("\""u8);
    }

    // As UTF-8 if that is what it is, else each octet as the character of Latin-1; all in ASCII.
    private void JsonEscaped(ReadOnlySpan<byte> octets)
    {
        var text = System.Text.Unicode.Utf8.IsValid(octets) ? Encoding.UTF8.GetString(octets) : Encoding.Latin1.GetString(octets);
        foreach (var c in text)
        {
            if (c is '"' or '\\') Raw([(byte)'\\', (byte)c]);
            else if (c is >= ' ' and <= '~') Raw([(byte)c]);
            else Raw(@"\u"u8).Raw([HexDigit(c >> 12), HexDigit((c >> 8) & 15), HexDigit((c >> 4) & 15), HexDigit(c & 15)]);
        }
    }

    private static byte HexDigit(int value) => "0123456789abcdef"u8[value];

    private Span<byte> Reserve(int count)
    {
        if (_octets.Length - Length < count) Array.Resize(ref _octets, Math.Max(_octets.Length * 2, Length + count));
        return _octets.AsSpan(Length);
    }
}
