using System.Buffers;
using System.Text;
using RouteGuide.Balancer.Routing.Rules;
using RouteGuide.Http2.Hpack;

namespace RouteGuide.Balancer.Routing.Conditions;

/// <summary>
/// <c>http-header</c>: a field of the request, of gRPC its metadata. A field that came several times fits if one of its values does. Case
/// does not matter but for <c>-bin</c> metadata, which is base64: of that, padding does not count, and values in one field are told apart.
/// </summary>
internal sealed class HeaderCondition : Condition
{
    private readonly byte[] _name;
    private readonly bool _isBinary;
    private readonly bool _isCookie;
    private readonly Wildcards _values;

    /// <param name="name">In any case.</param>
    /// <param name="values">Patterns.</param>
    public HeaderCondition(string name, IEnumerable<string> values)
    {
        var lower = name.ToLowerInvariant();
        _name = Encoding.ASCII.GetBytes(lower);
        _isBinary = lower.EndsWith("-bin", StringComparison.Ordinal);
        _isCookie = lower == "cookie";
        _values = Wildcards.Make(_isBinary ? values.Select(v => v.TrimEnd('=')) : values, ignoresCase: !_isBinary);
    }

    public override bool IsMatch(in RequestView request)
    {
        var headers = request.Headers;
        if (_isCookie) return IsCookieMatch(headers);
        for (var i = headers.IndexOf(_name); i >= 0 && i < headers.Count; i++)
        {
            if (headers.Name(i).SequenceEqual(_name) && (_isBinary ? IsBinaryMatch(headers.Value(i)) : _values.IsMatch(headers.Value(i)))) return true;
        }

        return false;
    }

    private bool IsBinaryMatch(ReadOnlySpan<byte> value)
    {
        foreach (var range in value.Split((byte)','))
        {
            if (_values.IsMatch(value[range].Trim(" \t"u8).TrimEnd((byte)'='))) return true;
        }

        return false;
    }

    // HTTP/2 may cut one cookie field into crumbs; they mean what the whole means (RFC 9113 section 8.2.3).
    private bool IsCookieMatch(HeaderList headers)
    {
        var first = headers.IndexOf(KnownHeader.Cookie);
        if (first < 0) return false;
        var length = 0;
        var count = 0;
        for (var i = first; i < headers.Count; i++)
        {
            if (headers[i].Known != KnownHeader.Cookie) continue;
            length += headers.Value(i).Length + 2;
            count++;
        }

        if (count == 1) return _values.IsMatch(headers.Value(first));
        var rented = ArrayPool<byte>.Shared.Rent(length);
        var used = 0;
        for (var i = first; i < headers.Count; i++)
        {
            if (headers[i].Known != KnownHeader.Cookie) continue;
            if (used > 0)
            {
                "; "u8.CopyTo(rented.AsSpan(used));
                used += 2;
            }

            headers.Value(i).CopyTo(rented.AsSpan(used));
            used += headers.Value(i).Length;
        }

        var isMatch = _values.IsMatch(rented.AsSpan(0, used));
        ArrayPool<byte>.Shared.Return(rented);
        return isMatch;
    }
}
