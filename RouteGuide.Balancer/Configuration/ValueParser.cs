using System.Globalization;
using System.Reflection;
using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Configuration;

/// <summary>One setting's text to its value, and what the text has to be, in words.</summary>
internal static class ValueParser
{
    /// <summary>Reads a text.</summary>
    /// <param name="text">As configured.</param>
    /// <param name="type">Not nullable.</param>
    /// <param name="attribute">Its range; null for what stands in a list.</param>
    /// <param name="value">What it says.</param>
    /// <param name="expected">What would be right; empty if it is.</param>
    public static bool TryParse(string text, Type type, SettingAttribute? attribute, out object? value, out string expected)
    {
        expected = "";
        value = Parse(text, type, attribute, ref expected);
        if (value is not null) return true;
        if (expected.Length == 0) expected = Expected(type, attribute);
        return false;
    }

    /// <summary>Whether a type reads texts itself.</summary>
    public static bool IsParsed(Type type) => type.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(ISettingValue<>));

    /// <summary>What a text has to be: a phrase that follows "expected".</summary>
    public static string Expected(Type type, SettingAttribute? attribute)
    {
        var text =
            type == typeof(bool) ? "true or false"
            : type == typeof(int) || type == typeof(long) ? $"a whole number{Within(attribute)}"
            : type == typeof(double) ? $"a number{Within(attribute)}"
            : type == typeof(TimeSpan) ? $"a time{Within(attribute)}, in seconds or as hh:mm:ss"
            : type == typeof(string) ? attribute is { Most: < double.PositiveInfinity } ? $"a text of {Range(attribute)} characters" : "a text"
            : type.IsEnum ? OneOf(NamesOf(type))
            : IsParsed(type) ? (string)type.GetProperty(nameof(ISettingValue<Nothing>.Expected), BindingFlags.Public | BindingFlags.Static | BindingFlags.NonPublic)!.GetValue(null)!
            : "settings below it";
        return attribute is { ZeroIsOff: true } ? text + ", or 0 for off" : text;
    }

    /// <summary>The range of a setting, in its unit.</summary>
    public static string Range(SettingAttribute attribute) =>
        double.IsInfinity(attribute.Most) ? $"at least {Number(attribute.Least)}"
        : double.IsInfinity(attribute.Least) ? $"at most {Number(attribute.Most)}"
        : $"{Number(attribute.Least)} to {Number(attribute.Most)}";

    /// <summary>The names of an enum's values in the configuration; one without a name of its own cannot be set.</summary>
    public static IEnumerable<string> NamesOf(Type type) => Named(type).Select(NameOf);

    /// <summary>A value as it would be written.</summary>
    public static string TextOf(object? value) => value switch
    {
        null => "",
        bool b => b ? "true" : "false",
        TimeSpan time => Number(time.TotalSeconds),
        Enum named => NameOf(named.GetType().GetField(named.ToString())!),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    private static object? Parse(string text, Type type, SettingAttribute? attribute, ref string expected)
    {
        var invariant = CultureInfo.InvariantCulture;
        if (type == typeof(string)) return attribute is null || IsWithin(text.Length, attribute) ? text : null;
        if (type == typeof(bool)) return text.ToUpperInvariant() switch { "TRUE" or "ON" => true, "FALSE" or "OFF" => false, _ => null };
        if (type == typeof(TimeSpan)) return ParseTime(text, attribute);
        if (attribute is { ZeroIsOff: true } && text.Equals("off", StringComparison.OrdinalIgnoreCase)) text = "0";
        if (type == typeof(int)) return int.TryParse(text, NumberStyles.AllowLeadingSign, invariant, out var number) && IsWithin(number, attribute) ? number : null;
        if (type == typeof(long)) return long.TryParse(text, NumberStyles.AllowLeadingSign, invariant, out var large) && IsWithin(large, attribute) ? large : null;
        if (type == typeof(double)) return double.TryParse(text, NumberStyles.Float, invariant, out var real) && double.IsFinite(real) && IsWithin(real, attribute) ? real : null;
        if (type.IsEnum) return Named(type).FirstOrDefault(f => NameOf(f).Equals(text, StringComparison.OrdinalIgnoreCase))?.GetValue(null);
        if (!IsParsed(type)) throw new NotSupportedException($"A setting cannot be a {type}.");

        object?[] arguments = [text, expected];
        var value = typeof(ValueParser).GetMethod(nameof(ParseOwn), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(type).Invoke(null, arguments);
        expected = (string)arguments[1]!;
        return value;
    }

    private static T? ParseOwn<T>(string text, ref string expected)
        where T : class, ISettingValue<T>
    {
        if (T.TryParse(text, out var value, out var more)) return value;
        expected = more ?? T.Expected;
        return null;
    }

    // "5" is five seconds; the framework alone would read five days.
    private static object? ParseTime(string text, SettingAttribute? attribute)
    {
        if (text.Equals("off", StringComparison.OrdinalIgnoreCase) && attribute is { ZeroIsOff: true }) return TimeSpan.Zero;
        double seconds;
        if (text.Contains(':')) seconds = TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var time) ? time.TotalSeconds : double.NaN;
        else if (!double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out seconds)) return null;
        return IsWithin(seconds, attribute) && seconds >= 0 && seconds < TimeSpan.MaxValue.TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;
    }

    private static bool IsWithin(double value, SettingAttribute? attribute) =>
        attribute is null || (value >= attribute.Least && value <= attribute.Most) || (attribute.ZeroIsOff && value == 0);

    private static string Within(SettingAttribute? attribute) => attribute is null || (double.IsInfinity(attribute.Least) && double.IsInfinity(attribute.Most)) ? "" : $" from {Range(attribute)}".Replace("from at", "of at", StringComparison.Ordinal);

    private static IEnumerable<FieldInfo> Named(Type type) => type.GetFields(BindingFlags.Public | BindingFlags.Static).Where(f => f.IsDefined(typeof(SettingNameAttribute)));

    private static string NameOf(FieldInfo field) => field.GetCustomAttribute<SettingNameAttribute>()?.Name ?? field.Name;

    private static string OneOf(IEnumerable<string> names)
    {
        var all = names.ToList();
        return all.Count == 1 ? all[0] : $"{string.Join(", ", all.SkipLast(1))} or {all[^1]}";
    }

    private static string Number(double number) => number.ToString("0.######", CultureInfo.InvariantCulture);

    private sealed class Nothing : ISettingValue<Nothing>
    {
        public static string Expected => "";

        public static bool TryParse(string text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Nothing? value, out string? expected) => throw new NotSupportedException();
    }
}
