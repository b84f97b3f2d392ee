using System.Diagnostics.CodeAnalysis;
using System.Text;
using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Routing;

/// <summary>Which paths a rule is for: <c>*</c> is any number of characters, <c>?</c> is one. Case matters, as it does to paths.</summary>
internal sealed class PathPattern : ISettingValue<PathPattern>
{
    /// <summary>Characters of a pattern.</summary>
    public const int MaxLength = 128;

    /// <summary>Wildcards of a pattern, which bounds what matching costs.</summary>
    public const int MaxWildcards = 5;

    private readonly byte[] _pattern;

    public static string Expected => $"a pattern that begins with '/' or '*', such as /api/*, of at most {MaxLength} characters and {MaxWildcards} wildcards";

    private PathPattern(string text) => _pattern = Encoding.ASCII.GetBytes(text);

    /// <summary>Reads a pattern; what is wrong with it is said in <paramref name="error"/>, as what would be right.</summary>
    public static PathPattern? TryParse(string? text, out string error)
    {
        error = "";
        if (text is not ['/' or '*', ..]) error = "a pattern that begins with '/' or '*', such as /api/*";
        else if (text.Length > MaxLength) error = $"a pattern of at most {MaxLength} characters";
        else if (text.AsSpan().IndexOfAnyExceptInRange('!', '~') >= 0) error = "a pattern of visible ASCII characters";
        else if (text.Count(c => c is '*' or '?') > MaxWildcards) error = $"a pattern with at most {MaxWildcards} wildcards";
        else return new PathPattern(text);
        return null;
    }

    public static bool TryParse(string text, [NotNullWhen(true)] out PathPattern? value, out string? expected)
    {
        value = TryParse(text, out string error);
        expected = error;
        return value is not null;
    }

    /// <summary>Whether a path, without its query, fits.</summary>
    public bool IsMatch(ReadOnlySpan<byte> path)
    {
        var pattern = _pattern.AsSpan();
        var (at, star, resume) = (0, -1, 0);
        var i = 0;
        while (i < path.Length)
        {
            if (at < pattern.Length && pattern[at] == (byte)'*')
            {
                star = at++;
                resume = i;
            }
            else if (at < pattern.Length && (pattern[at] == (byte)'?' || pattern[at] == path[i]))
            {
                at++;
                i++;
            }
            else if (star >= 0)
            {
                // The last star takes one more.
                at = star + 1;
                i = ++resume;
            }
            else
            {
                return false;
            }
        }

        while (at < pattern.Length && pattern[at] == (byte)'*') at++;
        return at == pattern.Length;
    }

    public override string ToString() => Encoding.ASCII.GetString(_pattern);
}
