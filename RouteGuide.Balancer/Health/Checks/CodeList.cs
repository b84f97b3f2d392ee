using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Health.Checks;

/// <summary>Status codes as a matcher has them: one, a list or a range, or several of those.</summary>
internal sealed class CodeList
{
    private const int MaxLength = 256;

    private readonly BitArray _codes;
    private readonly string _text;

    private CodeList(string text, BitArray codes) => (_text, _codes) = (text, codes);

    public static bool TryParse(string text, int least, int most, [NotNullWhen(true)] out CodeList? list)
    {
        list = null;
        if (text.Length is 0 or > MaxLength) return false;
        var codes = new BitArray(most + 1);
        foreach (var part in text.Split(','))
        {
            var bounds = part.Split('-');
            if (bounds.Length > 2 || !TryCode(bounds[0], out var from) || !TryCode(bounds[^1], out var to) || from > to) return false;
            for (var code = from; code <= to; code++) codes[code] = true;
        }

        list = new CodeList(text, codes);
        return true;

        bool TryCode(string number, out int code) =>
            int.TryParse(number, NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out code) && code >= least && code <= most;
    }

    public bool Contains(int code) => code >= 0 && code < _codes.Length && _codes[code];

    public override string ToString() => _text;
}

/// <summary>gRPC status codes that pass.</summary>
internal sealed record GrpcCodes : ISettingValue<GrpcCodes>
{
    /// <summary>12, UNIMPLEMENTED: what a gRPC server answers for a path that it does not know.</summary>
    public static readonly GrpcCodes Default = Parse("12");

    private readonly CodeList _list;

    private GrpcCodes(CodeList list) => (_list, Text) = (list, list.ToString());

    public static string Expected => "gRPC status codes from 0 to 99: one such as 12, a list 0,12 or a range 0-99";

    /// <summary>As it was written.</summary>
    public string Text { get; }

    public static bool TryParse(string text, [NotNullWhen(true)] out GrpcCodes? value, out string? expected)
    {
        expected = null;
        value = CodeList.TryParse(text, 0, 99, out var list) ? new GrpcCodes(list) : null;
        return value is not null;
    }

    /// <exception cref="FormatException">It is no such list.</exception>
    public static GrpcCodes Parse(string text) => TryParse(text, out var value, out _) ? value : throw new FormatException($"'{text}' is not {Expected}.");

    public bool Contains(int code) => _list.Contains(code);

    public bool Equals(GrpcCodes? other) => other is not null && Text == other.Text;

    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Text;
}

/// <summary>HTTP status codes that pass.</summary>
internal sealed record HttpCodes : ISettingValue<HttpCodes>
{
    public static readonly HttpCodes Default = Parse("200");

    private readonly CodeList _list;

    private HttpCodes(CodeList list) => (_list, Text) = (list, list.ToString());

    public static string Expected => "HTTP status codes from 200 to 599: one such as 200, a list 200,204 or a range 200-299";

    /// <summary>As it was written.</summary>
    public string Text { get; }

    public static bool TryParse(string text, [NotNullWhen(true)] out HttpCodes? value, out string? expected)
    {
        expected = null;
        value = CodeList.TryParse(text, 200, 599, out var list) ? new HttpCodes(list) : null;
        return value is not null;
    }

    /// <exception cref="FormatException">It is no such list.</exception>
    public static HttpCodes Parse(string text) => TryParse(text, out var value, out _) ? value : throw new FormatException($"'{text}' is not {Expected}.");

    public bool Contains(int code) => _list.Contains(code);

    public bool Equals(HttpCodes? other) => other is not null && Text == other.Text;

    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Text;
}
