using System.Buffers;
using System.Reflection;
using RouteGuide.Balancer.Routing.Sources;
using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Routing.Rules;

/// <summary>What the values of conditions may look like. Each answer is a phrase that follows "expected ", or null where nothing is wrong.</summary>
internal static class ConditionSyntax
{
    private const int MaxMethodLength = 40;

    private static readonly SearchValues<char> HostCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._[]:*?");
    private static readonly SearchValues<char> MethodCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ-_");
    private static readonly SearchValues<char> TokenCharacters = SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    public static string NameOf(ConditionField field) => typeof(ConditionField).GetField(field.ToString())!.GetCustomAttribute<SettingNameAttribute>()!.Name;

    public static string? CheckValue(ConditionField field, string text) => field switch
    {
        ConditionField.HostHeader => IsSized(text) && !text.AsSpan().ContainsAnyExcept(HostCharacters) && RequestView.WithoutPort(System.Text.Encoding.ASCII.GetBytes(text)).Length == text.Length
            ? null : $"a host name of up to {ConditionSettings.MaxLength} letters, digits, '-', '.', '*' and '?', without a port",
        ConditionField.PathPattern => IsSized(text) && text[0] is '/' or '*' or '?' && IsVisible(text)
            ? null : $"a path that begins with '/' or a wildcard, such as /api/*, of up to {ConditionSettings.MaxLength} visible ASCII characters, without a query",
        ConditionField.HttpRequestMethod => text.Length is > 0 and <= MaxMethodLength && !text.AsSpan().ContainsAnyExcept(MethodCharacters)
            ? null : $"a method of up to {MaxMethodLength} capital letters, '-' and '_', without wildcards",
        ConditionField.SourceIp => CidrBlock.TryParse(text, out _, out var expected) ? null : expected ?? CidrBlock.Expected,
        _ => CheckText(text),
    };

    /// <summary>A pattern for header values and queries.</summary>
    public static string? CheckText(string text) =>
        IsSized(text) && text.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0 ? null : $"a text of up to {ConditionSettings.MaxLength} ASCII characters";

    public static string? CheckHeaderName(string name) =>
        name.Equals("host", StringComparison.OrdinalIgnoreCase) ? "another field: for the host there is a condition of its own, host-header"
        : name.Length == 0 || name.AsSpan().ContainsAnyExcept(TokenCharacters) ? "the name of a header field"
        : null;

    private static bool IsSized(string text) => text.Length is > 0 and <= ConditionSettings.MaxLength;

    private static bool IsVisible(string text) => text.AsSpan().IndexOfAnyExceptInRange('!', '~') < 0;
}
