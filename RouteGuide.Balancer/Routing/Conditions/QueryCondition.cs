using System.Buffers;
using System.Globalization;
using RouteGuide.Balancer.Routing.Rules;

namespace RouteGuide.Balancer.Routing.Conditions;

/// <summary>
/// <c>query-string</c>: a parameter of the query, by key and value or by value alone, in any case. They are compared as they are meant:
/// <c>%20</c> and <c>+</c> are a space. A parameter without <c>=</c> is a key without a value, and a value without a key.
/// </summary>
internal sealed class QueryCondition : Condition
{
    private readonly Parameter[] _wanted;

    /// <param name="wanted">Patterns of key (null for any) and value.</param>
    public QueryCondition(IEnumerable<(string? Key, string Value)> wanted) => _wanted = [.. wanted.Select(w => new Parameter(
        w.Key is null ? null : Wildcard.Make(w.Key, ignoresCase: true, escapes: true), Wildcard.Make(w.Value, ignoresCase: true, escapes: true)))];

    public override bool IsMatch(in RequestView request)
    {
        var query = request.Query;
        if (query.IsEmpty) return false;
        var rented = query.Length > Buffers.Small ? ArrayPool<byte>.Shared.Rent(query.Length) : null;
        var isMatch = IsMatch(query, rented ?? stackalloc byte[Buffers.Small]);
        if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
        return isMatch;
    }

    private bool IsMatch(ReadOnlySpan<byte> query, Span<byte> room)
    {
        foreach (var range in query.Split((byte)'&'))
        {
            var pair = query[range];
            if (pair.IsEmpty) continue;
            var equals = pair.IndexOf((byte)'=');
            var key = room[..Decode(equals < 0 ? pair : pair[..equals], room)];
            var value = equals < 0 ? [] : room.Slice(key.Length, Decode(pair[(equals + 1)..], room[key.Length..]));
            foreach (var wanted in _wanted)
            {
                if (wanted.Key is null ? wanted.Value.IsMatch(equals < 0 ? key : value) : wanted.Key.IsMatch(key) && wanted.Value.IsMatch(value)) return true;
            }
        }

        return false;
    }

    /// <summary>Decodes percents and pluses, in small letters; what is no escape stands for itself.</summary>
    /// <returns>Octets written.</returns>
    private static int Decode(ReadOnlySpan<byte> from, Span<byte> to)
    {
        var count = 0;
        for (var i = 0; i < from.Length; i++)
        {
            var octet = from[i];
            if (octet == '+')
            {
                octet = (byte)' ';
            }
            else if (octet == '%' && i + 2 < from.Length && byte.TryParse(from.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var decoded))
            {
                octet = decoded;
                i += 2;
            }

            to[count++] = octet;
        }

        Wildcard.Fold(to[..count], to);
        return count;
    }

    private readonly record struct Parameter(Wildcard? Key, Wildcard Value);
}
