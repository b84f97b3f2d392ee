using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Configuration;

/// <summary>The JSON schema of balancer.json (draft 2020-12), made from the declarations of the settings: editors complete and check by it.</summary>
internal static class Schema
{
    private static readonly JsonSerializerOptions Options = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The schema's text, as it stands in balancer.schema.json.</summary>
    public static string Text()
    {
        var schema = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "The configuration of the RouteGuide balancer",
            ["type"] = "object",
            ["properties"] = new JsonObject
            {
                ["$schema"] = new JsonObject { ["type"] = "string" },
                [BalancerConfiguration.Key] = Record(typeof(BalancerConfiguration), $"#/properties/{BalancerConfiguration.Key}"),
                ["Kestrel"] = new JsonObject { ["type"] = "object", ["description"] = "The certificate for everybody: Certificates:Default" },
                ["Logging"] = new JsonObject { ["type"] = "object", ["description"] = "Log levels by category, as in appsettings.json" },
            },
            ["additionalProperties"] = false,
        };
        return schema.ToJsonString(Options) + "\n";
    }

    // Where it stands in the schema is a JSON pointer, for what refers to it.
    private static JsonObject Record(Type type, string pointer)
    {
        var properties = new JsonObject();
        var required = new JsonArray();
        var instance = Activator.CreateInstance(type)!;
        var entries = SettingModel.Of(type).Entries;
        foreach (var entry in entries)
        {
            var property = Of(entry, $"{pointer}/properties/{entry.Name}");
            property["description"] = Description(entry.Attribute);
            if (entry.Kind == SettingKind.Value && !entry.Attribute.Required && Default(instance, entry) is { } value) property["default"] = value;
            properties[entry.Name] = property;
            if (entry.Attribute.Required) required.Add(entry.Name);
        }

        foreach (var (name, section) in Sections([.. entries.Select(e => e.Name)], "", $"{pointer}/properties/")) properties[name] = section;
        var schema = new JsonObject { ["type"] = "object", ["properties"] = properties, ["additionalProperties"] = false };
        if (required.Count > 0) schema["required"] = required;
        return schema;
    }

    // Attributes can be written as sections within sections too, as variables of the environment have to: a.b.c as b.c in a, or as c in b in a.
    private static IEnumerable<(string Name, JsonObject Section)> Sections(IReadOnlyList<string> names, string prefix, string pointer)
    {
        var below = from name in names where name.StartsWith(prefix, StringComparison.Ordinal) let rest = name[prefix.Length..] where rest.Contains('.') select rest[..rest.IndexOf('.')];
        foreach (var first in below.Distinct())
        {
            var properties = new JsonObject();
            foreach (var name in names.Where(n => n.StartsWith($"{prefix}{first}.", StringComparison.Ordinal))) properties[name[(prefix.Length + first.Length + 1)..]] = new JsonObject { ["$ref"] = pointer + name };
            foreach (var (name, section) in Sections(names, $"{prefix}{first}.", pointer)) properties[name] = section;
            yield return (first, new JsonObject { ["type"] = "object", ["properties"] = properties, ["additionalProperties"] = false });
        }
    }

    private static JsonObject Of(SettingEntry entry, string pointer)
    {
        switch (entry.Kind)
        {
            case SettingKind.List:
                var list = new JsonObject { ["type"] = "array", ["items"] = One(entry.ValueType, null, $"{pointer}/items") };
                if (!double.IsInfinity(entry.Attribute.Least)) list["minItems"] = (int)entry.Attribute.Least;
                if (!double.IsInfinity(entry.Attribute.Most)) list["maxItems"] = (int)entry.Attribute.Most;
                return list;
            case SettingKind.Dictionary:
                var dictionary = new JsonObject { ["type"] = "object", ["additionalProperties"] = One(entry.ValueType, null, $"{pointer}/additionalProperties") };
                if (!double.IsInfinity(entry.Attribute.Most)) dictionary["maxProperties"] = (int)entry.Attribute.Most;
                return dictionary;
            case SettingKind.Foreign:
                return ForeignSchema.Of(entry.Name);
            default:
                return One(entry.ValueType, entry.Attribute, pointer);
        }
    }

    private static JsonObject One(Type type, SettingAttribute? attribute, string pointer)
    {
        if (SettingModel.IsRecord(type))
        {
            return ValueParser.IsParsed(type)
                ? new JsonObject { ["anyOf"] = new JsonArray(new JsonObject { ["type"] = "string" }, Record(type, $"{pointer}/anyOf/1")) }
                : Record(type, pointer);
        }

        if (type == typeof(bool)) return new JsonObject { ["type"] = "boolean" };
        if (type.IsEnum) return new JsonObject { ["enum"] = new JsonArray([.. ValueParser.NamesOf(type).Select(n => (JsonNode)n)]) };
        if (type == typeof(int) || type == typeof(long)) return Number("integer", attribute);
        if (type == typeof(double)) return Number("number", attribute);
        if (type == typeof(TimeSpan)) return Time(attribute?.Least, attribute?.Most, attribute?.ZeroIsOff == true);
        if (type != typeof(string)) return new JsonObject { ["type"] = new JsonArray("string", "number") };
        var text = new JsonObject { ["type"] = "string" };
        if (attribute is { Least: > 0 and < double.PositiveInfinity } || attribute is { Required: true }) text["minLength"] = (int)Math.Max(1, attribute.Least);
        if (attribute is { Most: < double.PositiveInfinity }) text["maxLength"] = (int)attribute.Most;
        return text;
    }

    /// <summary>A time in seconds, or as <c>hh:mm:ss</c>, which the schema cannot compare with the range.</summary>
    public static JsonObject Time(double? least, double? most, bool zeroIsOff)
    {
        const string Clock = @"([0-9]+\.)?[0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}(\.[0-9]{1,7})?)?";
        return new JsonObject
        {
            ["anyOf"] = new JsonArray(
                Number("number", least, most, zeroIsOff),
                new JsonObject { ["type"] = "string", ["pattern"] = $@"^([0-9]+(\.[0-9]+)?|{Clock}{(zeroIsOff ? "|[oO][fF][fF]" : "")})$" }),
        };
    }

    /// <summary>A number of a range.</summary>
    public static JsonObject Number(string type, double? least, double? most, bool zeroIsOff)
    {
        var number = new JsonObject { ["type"] = type };
        if (least is { } from && !double.IsInfinity(from)) number["minimum"] = from;
        if (most is { } to && !double.IsInfinity(to)) number["maximum"] = to;
        return zeroIsOff ? new JsonObject { ["anyOf"] = new JsonArray(number, new JsonObject { ["const"] = 0 }) } : number;
    }

    private static JsonObject Number(string type, SettingAttribute? attribute) => Number(type, attribute?.Least, attribute?.Most, attribute?.ZeroIsOff == true);

    private static JsonNode? Default(object instance, SettingEntry entry) => SettingTables.ValueOf(instance, entry) switch
    {
        null => null,
        bool value => value,
        int value => value,
        long value => value,
        double value => value,
        TimeSpan time => time.TotalSeconds,
        var other => ValueParser.TextOf(other),
    };

    private static string Description(SettingAttribute attribute) => string.Create(CultureInfo.InvariantCulture, $"{attribute.Meaning.Replace("`", "", StringComparison.Ordinal)}{(attribute.NeedsRestart ? " (counts from the next start on)" : "")}");
}
