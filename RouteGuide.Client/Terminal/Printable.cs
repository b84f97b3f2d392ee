using System.Globalization;
using System.Text;

namespace RouteGuide.Client.Terminal;

/// <summary>
/// Makes text from elsewhere safe for a terminal: what would move the cursor, change colours, set the title or turn the reading direction
/// is shown as <c>\u</c> and four hexadecimal digits instead. The same escapes mean the same in JSON.
/// </summary>
internal static class Printable
{
    public static string Escape(string text)
    {
        if (text.All(IsPlain)) return text;
        var safe = new StringBuilder(text.Length + 16);
        Append(safe, text);
        return safe.ToString();
    }

    /// <summary>Appends text; its surrogates are kept in pairs only.</summary>
    public static void Append(StringBuilder target, ReadOnlySpan<char> text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                var rune = new Rune(text[i], text[i + 1]);
                if (IsShown(Rune.GetUnicodeCategory(rune))) target.Append(text.Slice(i, 2));
                else target.Append(CultureInfo.InvariantCulture, $"\\u{(int)text[i]:x4}\\u{(int)text[i + 1]:x4}");
                i++;
            }
            else if (IsPlain(text[i]))
            {
                target.Append(text[i]);
            }
            else
            {
                target.Append(CultureInfo.InvariantCulture, $"\\u{(int)text[i]:x4}");
            }
        }
    }

    private static bool IsPlain(char c) => c is >= ' ' and <= '~' || (c > '~' && IsShown(char.GetUnicodeCategory(c)));

    private static bool IsShown(UnicodeCategory category) => category is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or
        UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);
}
