using System.Text.RegularExpressions;

namespace RouteGuide.Tests.Docs;

/// <summary>A block of commands in a page of the documentation, which a comment in front of it says can be tried.</summary>
/// <param name="Where">Where it can: beside a running <c>system</c>, or in a <c>clone</c>.</param>
/// <param name="Says">What its output must have in it.</param>
/// <param name="Script">The commands.</param>
internal sealed partial record WalkedBlock(string Where, IReadOnlyList<string> Says, string Script)
{
    /// <summary>The blocks of a page that are marked by <c>&lt;!-- walked: where; says: text --&gt;</c>, in order.</summary>
    public static IReadOnlyList<WalkedBlock> Of(string page) =>
    [
        .. Marked().Matches(page).Select(match =>
        {
            var marks = match.Groups[1].Value.Split(';', StringSplitOptions.TrimEntries);
            return new WalkedBlock(marks[0], [.. marks.Skip(1).Select(mark => mark["says: ".Length..])], match.Groups[2].Value);
        }),
    ];

    [GeneratedRegex(@"<!-- walked: (.*?) -->\n```console\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Marked();
}
