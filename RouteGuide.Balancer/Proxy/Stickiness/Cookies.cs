using System.Globalization;
using RouteGuide.Http2.Hpack;

namespace RouteGuide.Balancer.Proxy.Stickiness;

/// <summary>Cookies in header fields (RFC 6265).</summary>
internal static class Cookies
{
    /// <summary>Octets that <see cref="Format"/> writes at most, with names of this balancer.</summary>
    public const int MaxLength = 192;

    /// <summary>Whether a <c>set-cookie</c> field is of a cookie, and not to delete it by an empty value.</summary>
    public static bool Sets(ReadOnlySpan<byte> setCookie, ReadOnlySpan<byte> name) => IsNamed(setCookie, name) && setCookie.Length > name.Length + 1 && setCookie[name.Length + 1] != ';';

    /// <summary>Writes a <c>set-cookie</c> field.</summary>
    /// <param name="name">Of the cookie.</param>
    /// <param name="value">Of the cookie.</param>
    /// <param name="now">The time.</param>
    /// <param name="duration">How long the client is to keep it.</param>
    /// <param name="crossSite">It is sent with requests of other sites' pages too, over TLS alone.</param>
    /// <param name="to">Room for <see cref="MaxLength"/> octets.</param>
    /// <returns>Octets written.</returns>
    public static int Format(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, DateTimeOffset now, TimeSpan duration, bool crossSite, Span<byte> to)
    {
        var count = 0;
        Add(name, to, ref count);
        Add("="u8, to, ref count);
        Add(value, to, ref count);
        Add("; Expires="u8, to, ref count);
        (now + duration).TryFormat(to[count..], out var written, "r", CultureInfo.InvariantCulture);
        count += written;
        Add("; Max-Age="u8, to, ref count);
        ((long)Math.Ceiling(duration.TotalSeconds)).TryFormat(to[count..], out written, default, CultureInfo.InvariantCulture);
        count += written;
        Add("; Path=/"u8, to, ref count);
        if (crossSite) Add("; SameSite=None; Secure"u8, to, ref count);
        return count;
    }

    /// <summary>Whether a pair of name and value has the name.</summary>
    public static bool IsNamed(ReadOnlySpan<byte> pair, ReadOnlySpan<byte> name) => pair.Length > name.Length && pair[name.Length] == '=' && pair.StartsWith(name);

    private static void Add(ReadOnlySpan<byte> text, Span<byte> to, ref int count)
    {
        text.CopyTo(to[count..]);
        count += text.Length;
    }
}

/// <summary>The values of a request's cookies with one name: the first few, as a client may send thousands and each costs a signature.</summary>
/// <param name="headers">Of the request; HTTP/2 may have cut the field into crumbs.</param>
/// <param name="name">In the cookie's own case.</param>
internal ref struct CookieValues(HeaderList headers, ReadOnlySpan<byte> name)
{
    private const int Most = 4;

    private readonly ReadOnlySpan<byte> _name = name;
    private ReadOnlySpan<byte> _rest; // of the field that is being read
    private int _next; // the field after it
    private int _found;

    public ReadOnlySpan<byte> Current { get; private set; }

    public readonly CookieValues GetEnumerator() => this;

    public bool MoveNext()
    {
        while (_found < Most && (!_rest.IsEmpty || NextField()))
        {
            var end = _rest.IndexOf((byte)';');
            var pair = (end < 0 ? _rest : _rest[..end]).Trim((byte)' ');
            _rest = end < 0 ? default : _rest[(end + 1)..];
            if (!Cookies.IsNamed(pair, _name)) continue;
            Current = pair[(_name.Length + 1)..].Trim((byte)'"');
            _found++;
            return true;
        }

        return false;
    }

    private bool NextField()
    {
        while (_next < headers.Count)
        {
            var i = _next++;
            if (headers[i].Known != KnownHeader.Cookie || headers.Value(i).IsEmpty) continue;
            _rest = headers.Value(i);
            return true;
        }

        return false;
    }
}
