using System.Globalization;
using System.Text.Json;
using RouteGuide.Dashboard.Web;

namespace RouteGuide.Dashboard.Telemetry;

internal enum FilterCondition
{
    Equals,
    NotEquals,
    Contains,
    NotContains,
    GreaterThan,
    GreaterThanOrEqual,
    LessThan,
    LessThanOrEqual,
}

/// <summary>A condition on one field of what is shown.</summary>
/// <param name="Field">The field.</param>
/// <param name="Condition">How its value and <paramref name="Value"/> are compared: as numbers where both are, else as text without regard to case.</param>
/// <param name="Value">What it is compared with.</param>
internal sealed record Filter(string Field, FilterCondition Condition, string Value)
{
    private const int MaxFilters = 50;

    /// <exception cref="ProblemException">One cannot be read.</exception>
    public static Filter[] From(IQueryCollection query)
    {
        var texts = query["filter"];
        if (texts.Count > MaxFilters) throw ProblemException.Bad($"filter: {texts.Count} are more than the {MaxFilters} that are looked at.");
        return [.. texts.OfType<string>().Select(Parse)];
    }

    /// <summary>Whether a value fits. A field that is not there equals nothing and contains nothing.</summary>
    public bool Fits(string? value) => Condition switch
    {
        FilterCondition.Equals => value is not null && value.Equals(Value, StringComparison.OrdinalIgnoreCase),
        FilterCondition.NotEquals => value is null || !value.Equals(Value, StringComparison.OrdinalIgnoreCase),
        FilterCondition.Contains => value is not null && value.Contains(Value, StringComparison.OrdinalIgnoreCase),
        FilterCondition.NotContains => value is null || !value.Contains(Value, StringComparison.OrdinalIgnoreCase),
        FilterCondition.GreaterThan => value is not null && Compare(value) > 0,
        FilterCondition.GreaterThanOrEqual => value is not null && Compare(value) >= 0,
        FilterCondition.LessThan => value is not null && Compare(value) < 0,
        _ => value is not null && Compare(value) <= 0,
    };

    private static Filter Parse(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<Filter>(text, Json.Options) ?? throw new JsonException("null");
        }
        catch (JsonException fault)
        {
            throw ProblemException.Bad($"filter: '{text}' is not {{\"field\":…,\"condition\":…,\"value\":…}}: {fault.Message}");
        }
    }

    private int Compare(string value) =>
        double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var left) && double.TryParse(Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var right)
            ? left.CompareTo(right)
            : string.Compare(value, Value, StringComparison.OrdinalIgnoreCase);
}

/// <summary>A field that can be filtered by.</summary>
internal sealed record FieldInfo(string Field, string Label, bool BuiltIn);

/// <summary>A value that a field has, and how often.</summary>
internal sealed record FieldValue(string Value, int Count)
{
    private const int MaxValues = 100;

    /// <summary>The most frequent values.</summary>
    public static FieldValue[] MostFrequent(IEnumerable<string?> values) =>
        [.. values.OfType<string>().GroupBy(value => value).Select(group => new FieldValue(group.Key, group.Count())).OrderByDescending(value => value.Count).ThenBy(value => value.Value, StringComparer.OrdinalIgnoreCase).Take(MaxValues)];
}

/// <summary>Reads parameters of queries.</summary>
internal static class QueryValues
{
    public static string? Text(this IQueryCollection query, string name) => query[name].ToString() is { Length: > 0 } text ? text : null;

    /// <exception cref="ProblemException">It is no number, or out of range.</exception>
    public static long Number(this IQueryCollection query, string name, long fallback, long min, long max) => query.Text(name) switch
    {
        null => fallback,
        var text when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max => value,
        var text => throw ProblemException.Bad($"{name}: '{text}' is not a whole number from {min} to {max}."),
    };
}
