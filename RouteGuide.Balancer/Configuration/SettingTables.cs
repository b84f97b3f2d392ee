using System.Text;
using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Configuration;

/// <summary>The tables of settings in the documentation, made from their declarations.</summary>
internal static class SettingTables
{
    /// <summary>One table per section, each below a heading with the section's path; Markdown.</summary>
    public static string Markdown()
    {
        var text = new StringBuilder();
        Append(text, BalancerConfiguration.Key, typeof(BalancerConfiguration), []);
        return text.ToString();
    }

    /// <summary>The value that an instance has for a setting; null if a part on the way is not set.</summary>
    public static object? ValueOf(object instance, SettingEntry entry) => entry.Path.Aggregate((object?)instance, (owner, property) => owner is null ? null : property.GetValue(owner));

    private static void Append(StringBuilder text, string path, Type type, HashSet<Type> done)
    {
        if (!done.Add(type)) return;
        var instance = Activator.CreateInstance(type)!;
        text.Append($"#### `{path}`\n\n| setting | default | range | meaning |\n|---|---|---|---|\n");
        var below = new List<(string Path, Type Type)>();
        foreach (var entry in SettingModel.Of(type).Entries)
        {
            text.Append($"| `{entry.Name}` | {Default(instance, entry)} | {Range(entry)} | {entry.Attribute.Meaning}{(entry.Attribute.NeedsRestart ? " ¹" : "")} |\n");
            if (!SettingModel.IsRecord(entry.ValueType)) continue;
            below.Add(($"{path}:{entry.Name}{entry.Kind switch { SettingKind.List => ":N", SettingKind.Dictionary => ":NAME", _ => "" }}", entry.ValueType));
        }

        text.Append('\n');
        foreach (var (section, record) in below) Append(text, section, record, done);
    }

    private static string Default(object instance, SettingEntry entry)
    {
        if (entry.Attribute.Required) return "required";
        if (entry.Kind is SettingKind.Record or SettingKind.Foreign or SettingKind.Dictionary) return "";
        var value = ValueOf(instance, entry);
        if (entry.Kind == SettingKind.List) return value is System.Collections.IEnumerable list ? string.Join(", ", list.Cast<object>().Select(v => $"`{ValueParser.TextOf(v)}`")) : "";
        if (entry.Attribute.ZeroIsOff && value is 0 or 0L or 0.0 || (value is TimeSpan time && time == TimeSpan.Zero && entry.Attribute.ZeroIsOff)) return "off";
        return value is null or "" ? "" : $"{(value is string or Enum ? $"`{ValueParser.TextOf(value)}`" : ValueParser.TextOf(value))}{(value is TimeSpan ? " s" : "")}";
    }

    private static string Range(SettingEntry entry) => entry.Kind switch
    {
        SettingKind.Record or SettingKind.Foreign => "see below",
        SettingKind.List => $"a list{Counted(entry.Attribute)}{(SettingModel.IsRecord(entry.ValueType) ? "" : " of: " + Expected(entry.ValueType, null))}",
        SettingKind.Dictionary => $"by name{Counted(entry.Attribute)}",
        _ => Expected(entry.ValueType, entry.Attribute),
    };

    private static string Counted(SettingAttribute attribute) => double.IsInfinity(attribute.Most) ? "" : $", at most {attribute.Most:0}";

    private static string Expected(Type type, SettingAttribute? attribute)
    {
        var text = type.IsEnum ? string.Join(", ", ValueParser.NamesOf(type).Select(n => $"`{n}`")) : ValueParser.Expected(type, attribute);
        if (type == typeof(TimeSpan)) text = text.Replace(", in seconds or as hh:mm:ss", " s", StringComparison.Ordinal);
        return text.Replace("a time from ", "", StringComparison.Ordinal).Replace("a whole number from ", "", StringComparison.Ordinal);
    }
}
