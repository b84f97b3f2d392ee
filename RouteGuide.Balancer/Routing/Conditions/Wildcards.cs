using System.Buffers;

namespace RouteGuide.Balancer.Routing.Conditions;

/// <summary>The patterns of a condition: one of them has to fit.</summary>
/// <param name="ignoresCase">A to Z are the same as a to z.</param>
/// <param name="patterns">Made alike.</param>
internal sealed class Wildcards(bool ignoresCase, params IEnumerable<Wildcard> patterns)
{
    private readonly Wildcard[] _patterns = [.. patterns];

    /// <summary>Makes them of texts.</summary>
    public static Wildcards Make(IEnumerable<string> texts, bool ignoresCase) => new(ignoresCase, texts.Select(t => Wildcard.Make(t, ignoresCase)));

    public bool IsMatch(ReadOnlySpan<byte> value)
    {
        if (!ignoresCase) return IsMatchFolded(value);
        var rented = value.Length > Buffers.Small ? ArrayPool<byte>.Shared.Rent(value.Length) : null;
        var room = rented ?? stackalloc byte[Buffers.Small];
        Wildcard.Fold(value, room);
        var isMatch = IsMatchFolded(room[..value.Length]);
        if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
        return isMatch;
    }

    /// <summary>The same for a value that is in small letters already, if case does not matter.</summary>
    public bool IsMatchFolded(ReadOnlySpan<byte> value)
    {
        foreach (var pattern in _patterns)
        {
            if (pattern.IsMatch(value)) return true;
        }

        return false;
    }
}

/// <summary>Where values are made ready for comparison.</summary>
internal static class Buffers
{
    /// <summary>Octets for which the stack is good; anything longer is rented.</summary>
    public const int Small = 256;
}
