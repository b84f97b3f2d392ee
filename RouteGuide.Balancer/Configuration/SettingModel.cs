using System.Collections.Concurrent;
using System.Reflection;
using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Configuration;

/// <summary>What a setting is read into.</summary>
internal enum SettingKind
{
    /// <summary>One text: a number, a name, an address.</summary>
    Value,

    /// <summary>Settings below it.</summary>
    Record,

    /// <summary>Any number of values or records, in their order.</summary>
    List,

    /// <summary>Any number of values or records, each with a name.</summary>
    Dictionary,

    /// <summary>A section that another reader checks.</summary>
    Foreign,
}

/// <summary>A setting below a record's section.</summary>
/// <param name="Name">As it is written; with dots if it is an attribute.</param>
/// <param name="Path">The properties from the record down to it: more than one where a record of attributes is part of another.</param>
internal sealed record SettingEntry(string Name, IReadOnlyList<PropertyInfo> Path)
{
    public PropertyInfo Property => Path[^1];

    public SettingAttribute Attribute { get; } = Path[^1].GetCustomAttribute<SettingAttribute>()!;

    public SettingKind Kind { get; } = SettingModel.KindOf(Path[^1].PropertyType);

    /// <summary>What it holds; of a list or dictionary, each of its values.</summary>
    public Type ValueType { get; } = SettingModel.ElementOf(Path[^1].PropertyType);
}

/// <summary>The settings of a record type, found once: the reader, the JSON schema and the documentation all go by it.</summary>
internal sealed class SettingModel
{
    private static readonly ConcurrentDictionary<Type, SettingModel> Models = new();

    private readonly Dictionary<string, SettingEntry> _byName;

    private SettingModel(Type type)
    {
        Entries = [.. Find(type, "", [])];
        _byName = Entries.ToDictionary(e => e.Name, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>In the order in which they are declared.</summary>
    public IReadOnlyList<SettingEntry> Entries { get; }

    public static SettingModel Of(Type type) => Models.GetOrAdd(type, static t => new SettingModel(t));

    /// <summary>The setting of a name, in any case; null if there is none.</summary>
    public SettingEntry? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>Whether a name is the beginning of attributes' names.</summary>
    public bool IsPrefix(string name) => Entries.Any(e => e.Name.Length > name.Length && e.Name[name.Length] == '.' && e.Name.StartsWith(name, StringComparison.OrdinalIgnoreCase));

    public static SettingKind KindOf(Type type)
    {
        if (type == typeof(ForeignSettings)) return SettingKind.Foreign;
        if (GenericOf(type, typeof(IReadOnlyList<>))) return SettingKind.List;
        if (GenericOf(type, typeof(IReadOnlyDictionary<,>))) return SettingKind.Dictionary;
        return IsRecord(type) ? SettingKind.Record : SettingKind.Value;
    }

    public static Type ElementOf(Type type) => KindOf(type) is SettingKind.List or SettingKind.Dictionary ? type.GetGenericArguments()[^1] : Nullable.GetUnderlyingType(type) ?? type;

    // A record without settings is one that has none yet.
    public static bool IsRecord(Type type) => type.IsClass && (type.GetProperties().Any(p => p.IsDefined(typeof(SettingAttribute))) || (type.GetMethod("<Clone>$") is not null && !ValueParser.IsParsed(type)));

    private static bool GenericOf(Type type, Type definition) => type.IsGenericType && type.GetGenericTypeDefinition() == definition;

    private static IEnumerable<SettingEntry> Find(Type type, string prefix, PropertyInfo[] above)
    {
        // Those of a base type first.
        foreach (var property in type.GetProperties().OrderBy(p => p.MetadataToken))
        {
            if (property.GetCustomAttribute<SettingAttribute>() is not { } setting) continue;
            var (name, path) = (prefix + setting.Name, (PropertyInfo[])[.. above, property]);
            if (char.IsLower(setting.Name[0]) && KindOf(property.PropertyType) == SettingKind.Record)
            {
                foreach (var entry in Find(property.PropertyType, name + ".", path)) yield return entry;
            }
            else
            {
                yield return new SettingEntry(name, path);
            }
        }
    }
}

/// <summary>Stands for a section that has a reader of its own, so that its name is known.</summary>
internal sealed class ForeignSettings;
