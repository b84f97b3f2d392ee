using System.Text;

namespace RouteGuide.Balancer.Routing.Conditions;

/// <summary>
/// A pattern: <c>*</c> is any number of octets, <c>?</c> is one. It is cut at its stars, and each piece is looked for from where the one before
/// ended: a hostile value costs its length for each star at most, never a power of it.
/// </summary>
internal sealed class Wildcard
{
    private readonly Piece[] _pieces;

    private Wildcard(Piece[] pieces) => _pieces = pieces;

    /// <summary>Makes a pattern out of a text, of which every octet may be wanted.</summary>
    /// <param name="text">Its characters are octets (Latin-1).</param>
    /// <param name="ignoresCase">Values will be compared in lower case (<see cref="Fold"/>).</param>
    /// <param name="escapes">A backslash takes <c>*</c>, <c>?</c> or a backslash behind it for what it is.</param>
    public static Wildcard Make(string text, bool ignoresCase = false, bool escapes = false)
    {
        var pieces = new List<Piece>();
        var octets = new List<byte>();
        var any = new List<bool>();
        for (var i = 0; i < text.Length; i++)
        {
            var isEscaped = escapes && text[i] == '\\' && i + 1 < text.Length && text[i + 1] is '*' or '?' or '\\';
            if (isEscaped) i++;
            if (!isEscaped && text[i] == '*')
            {
                Cut();
                continue;
            }

            any.Add(!isEscaped && text[i] == '?');
            octets.Add((byte)(ignoresCase ? char.ToLowerInvariant(text[i]) : text[i]));
        }

        Cut();
        return new Wildcard([.. pieces]);

        void Cut()
        {
            pieces.Add(new Piece([.. octets], any.Contains(true) ? [.. any] : null));
            octets.Clear();
            any.Clear();
        }
    }

    /// <summary>How many wildcards a text has.</summary>
    public static int Count(string text, bool escapes = false)
    {
        var count = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (escapes && text[i] == '\\') i++;
            else if (text[i] is '*' or '?') count++;
        }

        return count;
    }

    /// <summary>Whether a value fits, whole.</summary>
    public bool IsMatch(ReadOnlySpan<byte> value)
    {
        ref readonly var first = ref _pieces[0];
        if (_pieces.Length == 1) return value.Length == first.Length && first.IsAt(value);
        ref readonly var last = ref _pieces[^1];
        if (value.Length < first.Length + last.Length || !first.IsAt(value) || !last.IsAt(value[^last.Length..])) return false;
        var rest = value[first.Length..^last.Length];
        for (var i = 1; i < _pieces.Length - 1; i++)
        {
            var at = _pieces[i].Find(rest);
            if (at < 0) return false;
            rest = rest[(at + _pieces[i].Length)..];
        }

        return true;
    }

    /// <summary>Copies octets, those of A to Z as small letters.</summary>
    public static void Fold(ReadOnlySpan<byte> from, Span<byte> to)
    {
        for (var i = 0; i < from.Length; i++)
        {
            var octet = from[i];
            to[i] = octet is >= (byte)'A' and <= (byte)'Z' ? (byte)(octet | 0x20) : octet;
        }
    }

    public override string ToString() => string.Join('*', _pieces.Select(p => p.ToString()));

    /// <summary>What stands between two stars.</summary>
    /// <param name="octets">What is wanted.</param>
    /// <param name="any">Which of them may be any; null if none may.</param>
    private readonly struct Piece(byte[] octets, bool[]? any)
    {
        public int Length => octets.Length;

        public bool IsAt(ReadOnlySpan<byte> value)
        {
            if (any is null) return value.StartsWith(octets);
            for (var i = 0; i < octets.Length; i++)
            {
                if (!any[i] && value[i] != octets[i]) return false;
            }

            return true;
        }

        public int Find(ReadOnlySpan<byte> value)
        {
            if (any is null) return value.IndexOf(octets);
            for (var at = 0; at + octets.Length <= value.Length; at++)
            {
                if (IsAt(value[at..])) return at;
            }

            return -1;
        }

        public override string ToString() => Encoding.Latin1.GetString(octets);
    }
}
