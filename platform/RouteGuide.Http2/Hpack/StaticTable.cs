namespace RouteGuide.Http2.Hpack;

/// <summary>The static table of RFC 7541 appendix A.</summary>
internal static class StaticTable
{
    /// <summary>Entries; the dynamic table begins behind them.</summary>
    public const int Length = 61;

    private static readonly string[] Names =
    [
        ":authority", ":method", ":method", ":path", ":path", ":scheme", ":scheme", ":status", ":status", ":status", ":status", ":status",
        ":status", ":status", "accept-charset", "accept-encoding", "accept-language", "accept-ranges", "accept",
        "access-control-allow-origin", "age", "allow", "authorization", "cache-control", "content-disposition", "content-encoding",
        "content-language", "content-length", "content-location", "content-range", "content-type", "cookie", "date", "etag", "expect",
        "expires", "from", "host", "if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "last-modified",
        "link", "location", "max-forwards", "proxy-authenticate", "proxy-authorization", "range", "referer", "refresh", "retry-after",
        "server", "set-cookie", "strict-transport-security", "transfer-encoding", "user-agent", "vary", "via", "www-authenticate",
    ];

    // The values that are not empty, by index.
    private static readonly Dictionary<int, string> Values = new()
    {
        [2] = "GET",
        [3] = "POST",
        [4] = "/",
        [5] = "/index.html",
        [6] = "http",
        [7] = "https",
        [8] = "200",
        [9] = "204",
        [10] = "206",
        [11] = "304",
        [12] = "400",
        [13] = "404",
        [14] = "500",
        [16] = "gzip, deflate",
    };

    private static readonly byte[][] NameOctets = [.. Names.Select(System.Text.Encoding.ASCII.GetBytes)];

    private static readonly HeaderEntry[] Entries =
        [.. Enumerable.Range(1, Length).Select(i => new HeaderEntry(NameOctets[i - 1], System.Text.Encoding.ASCII.GetBytes(Values.GetValueOrDefault(i, "")), i))];

    /// <summary>An entry.</summary>
    /// <param name="index">1 to <see cref="Length"/>.</param>
    public static HeaderEntry Get(int index) => Entries[index - 1];

    /// <summary>The first index with this name, or 0.</summary>
    public static int NameIndex(ReadOnlySpan<byte> name)
    {
        for (var i = 0; i < NameOctets.Length; i++)
        {
            if (name.SequenceEqual(NameOctets[i])) return i + 1;
        }

        return 0;
    }

    /// <summary>The index of the whole field, or 0.</summary>
    public static int Index(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        for (var i = NameIndex(name); i > 0 && i <= Length && name.SequenceEqual(NameOctets[i - 1]); i++)
        {
            if (Entries[i - 1].Value.SequenceEqual(value)) return i;
        }

        return 0;
    }
}
