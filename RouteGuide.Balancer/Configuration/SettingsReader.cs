using System.Collections;
using System.Reflection;
using RouteGuide.Balancer.Settings;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Balancer.Configuration;

/// <summary>
/// Reads records of settings out of the configuration, whole: a name that does not exist, a value out of its range, two settings that do
/// not fit are all found before anything is used, each named with its path, its value and what would be right.
/// </summary>
internal sealed class SettingsReader
{
    private const int MostReported = 20;

    private readonly List<string> _problems = [];

    private SettingsReader()
    {
    }

    /// <summary>Reads a record.</summary>
    /// <typeparam name="T">A record with <see cref="SettingAttribute"/>s and a constructor without parameters.</typeparam>
    /// <param name="section">Where its settings are.</param>
    /// <exception cref="ConfigurationException">One or more cannot be used; on one line.</exception>
    public static T Read<T>(IConfigurationSection section)
        where T : class, new()
    {
        var reader = new SettingsReader();
        var read = reader.ReadRecord(section, typeof(T), new T());
        var problems = reader._problems;
        if (problems.Count == 0) return (T)read;
        var rest = problems.Count > MostReported ? $" And {problems.Count - MostReported} more." : "";
        throw new ConfigurationException(string.Join(' ', problems.Take(MostReported)) + rest);
    }

    private object ReadRecord(IConfigurationSection section, Type type, object byDefault)
    {
        var model = SettingModel.Of(type);
        var record = Clone(byDefault);
        var found = new HashSet<SettingEntry>();
        var before = _problems.Count;
        foreach (var child in section.GetChildren()) ReadChild(child, child.Key, model, record, found);
        foreach (var entry in model.Entries)
        {
            if (entry.Attribute.Required && !found.Contains(entry)) Report($"{section.Path}:{entry.Name}", null, entry.Kind == SettingKind.Value ? ValueParser.Expected(entry.ValueType, entry.Attribute) : $"set: {entry.Attribute.Meaning}");
        }

        if (_problems.Count == before) Check(section.Path, record, model);
        return record;
    }

    // The name of an attribute may be written with dots, or as sections within sections: environment variables have no dots.
    private void ReadChild(IConfigurationSection child, string name, SettingModel model, object record, HashSet<SettingEntry> found)
    {
        if (model.Find(name) is { } entry)
        {
            if (IsSet(child) && found.Add(entry)) Read(child, entry, record);
        }
        else if (model.IsPrefix(name) && child.Value is null)
        {
            foreach (var below in child.GetChildren()) ReadChild(below, $"{name}.{below.Key}", model, record, found);
        }
        else
        {
            _problems.Add($"{child.Path}: there is no such setting; expected {Names(model, name)}.");
        }
    }

    private void Read(IConfigurationSection section, SettingEntry entry, object record)
    {
        var owner = record;
        foreach (var property in entry.Path.SkipLast(1))
        {
            // Each record keeps what it does not share with the defaults that it came from.
            var part = Clone(property.GetValue(owner) ?? Activator.CreateInstance(property.PropertyType)!);
            property.SetValue(owner, part);
            owner = part;
        }

        object? value = entry.Kind switch
        {
            SettingKind.Foreign => null,
            SettingKind.List => ReadList(section, entry),
            SettingKind.Dictionary => ReadDictionary(section, entry),
            _ => ReadOne(section, entry.ValueType, entry.Attribute, entry.Property.GetValue(owner)),
        };
        if (value is not null) entry.Property.SetValue(owner, value);
    }

    private IList? ReadList(IConfigurationSection section, SettingEntry entry)
    {
        var list = (IList)Activator.CreateInstance(typeof(List<>).MakeGenericType(entry.ValueType))!;
        // A list of values may stand in one text.
        var texts = section.Value is { Length: > 0 } text && !SettingModel.IsRecord(entry.ValueType) ? text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) : null;
        if (texts is null && section.Value is { Length: > 0 } whole)
        {
            Report(section.Path, whole, "a list");
            return null;
        }

        foreach (var item in texts ?? [])
        {
            if (ReadText(section.Path, item, entry.ValueType, null) is { } value) list.Add(value);
        }

        foreach (var child in section.GetChildren())
        {
            if (ReadOne(child, entry.ValueType, null, null) is { } value) list.Add(value);
        }

        if (list.Count < entry.Attribute.Least || list.Count > entry.Attribute.Most) Report(section.Path, $"{list.Count} entries", $"a list of {ValueParser.Range(entry.Attribute)} entries");
        return list;
    }

    private IDictionary ReadDictionary(IConfigurationSection section, SettingEntry entry)
    {
        var dictionary = (IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(typeof(string), entry.ValueType), StringComparer.OrdinalIgnoreCase)!;
        if (section.Value is { Length: > 0 } text) Report(section.Path, text, "settings with names of their own");
        foreach (var child in section.GetChildren())
        {
            if (ReadOne(child, entry.ValueType, null, null) is { } value) dictionary[child.Key] = value;
        }

        return dictionary;
    }

    private object? ReadOne(IConfigurationSection section, Type type, SettingAttribute? attribute, object? byDefault)
    {
        // Some records can be written as one text too.
        var isText = section.Value is not null && ValueParser.IsParsed(type) && !section.GetChildren().Any();
        if (SettingModel.IsRecord(type) && !isText)
        {
            if (section.Value is not { Length: > 0 } value) return ReadRecord(section, type, byDefault ?? Activator.CreateInstance(type)!);
            Report(section.Path, value, "settings below it");
            return null;
        }

        if (section.Value is not null && !section.GetChildren().Any()) return ReadText(section.Path, section.Value, type, attribute);
        Report(section.Path, section.Value, ValueParser.Expected(type, attribute) + ", without settings below it");
        return null;
    }

    private object? ReadText(string path, string text, Type type, SettingAttribute? attribute)
    {
        if (ValueParser.TryParse(text, type, attribute, out var value, out var expected)) return value;
        Report(path, text, expected);
        return null;
    }

    private void Check(string path, object record, SettingModel model)
    {
        if (record is IChecked own) Report(path, "", own);
        // Records of attributes are part of this one, so nobody else asks them.
        var parts = from entry in model.Entries where entry.Path.Count > 1 select entry;
        foreach (var part in parts.DistinctBy(e => e.Path[^2]))
        {
            var owner = part.Path.SkipLast(1).Aggregate(record, (o, p) => p.GetValue(o)!);
            if (owner is IChecked attributes) Report(path, string.Concat(part.Path.SkipLast(1).Select(p => p.GetCustomAttribute<SettingAttribute>()!.Name + ".")), attributes);
        }
    }

    private void Report(string path, string prefix, IChecked record)
    {
        foreach (var (setting, value, expected) in record.Check()) Report($"{path}:{prefix}{setting}", value, expected);
    }

    private void Report(string path, string? value, string expected) =>
        _problems.Add(value is null ? $"{path}: is missing; expected {expected}." : $"{path}: '{Shown(value)}' is not {expected}.");

    // It ends up on terminals and in logs, on one line.
    private static string Shown(string value)
    {
        var shown = value.Length <= 200 ? value : value[..200] + "…";
        return string.Concat(shown.Select(c => char.IsControl(c) ? '\uFFFD' : c));
    }

    private static bool IsSet(IConfigurationSection section) => section.Value is { Length: > 0 } || section.GetChildren().Any();

    private static string Names(SettingModel model, string name)
    {
        var near = model.Entries.Select(e => e.Name).OrderBy(n => Distance(n, name)).ToList();
        return near.Count <= 4 ? string.Join(" or ", near.Order(StringComparer.Ordinal)) : $"{string.Join(", ", near.Take(3))} or another of docs/balancer.md";
    }

    /// <summary>Letters to change, add or leave out (Levenshtein), to find what was probably meant.</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0]++;
            for (var j = 1; j <= b.Length; j++)
            {
                var changed = diagonal + (char.ToUpperInvariant(a[i - 1]) == char.ToUpperInvariant(b[j - 1]) ? 0 : 1);
                (diagonal, row[j]) = (row[j], Math.Min(changed, Math.Min(row[j], row[j - 1]) + 1));
            }
        }

        return row[^1];
    }

    private static object Clone(object record) => record.GetType().GetMethod("<Clone>$")!.Invoke(record, null)!;
}
