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
                [BalancerConfiguration.Key] = Record(typeof(BalancerConfiguration)),
                ["Kestrel"] = new JsonObject { ["type"] = "object", ["description"] = "The certificate for everybody: Certificates:Default" },
                ["Logging"] = new JsonObject { ["type"] = "object", ["description"] = "Log levels by category, as in appsettings.json" },
            },
            ["additionalProperties"] = false,
        };
        return schema.ToJsonString(Options) + "\n";
    }

    private static JsonObject Record(Type type)
    {
        var properties = new JsonObject();
        var required = new JsonArray();
        var instance = Activator.CreateInstance(type)!;
        foreach (var entry in SettingModel.Of(type).Entries)
        {
            var property = Of(entry);
            property["description"] = Description(entry.Attribute);
            if (entry.Kind == SettingKind.Value && Default(instance, entry) is { } value) property["default"] = value;
            properties[entry.Name] = property;
            if (entry.Attribute.Required) required.Add(entry.Name);
        }

        var schema = new JsonObject { ["type"] = "object", ["properties"] = properties, ["additionalProperties"] = HasSections(type) };
        if (required.Count > 0) schema["required"] = required;
        return schema;
    }

    // Attributes can be written as sections within sections too; the reader knows which, the schema lets them all be.
    private static bool HasSections(Type type) => SettingModel.Of(type).Entries.Any(e => e.Name.Contains('.'));

    private static JsonObject Of(SettingEntry entry)
    {
        switch (entry.Kind)
        {
            case SettingKind.List:
                var list = new JsonObject { ["type"] = "array", ["items"] = One(entry.ValueType, null) };
                if (!double.IsInfinity(entry.Attribute.Least)) list["minItems"] = (int)entry.Attribute.Least;
                if (!double.IsInfinity(entry.Attribute.Most)) list["maxItems"] = (int)entry.Attribute.Most;
                return list;
            case SettingKind.Dictionary:
                return new JsonObject { ["type"] = "object", ["additionalProperties"] = One(entry.ValueType, null) };
            case SettingKind.Foreign:
                return new JsonObject { ["type"] = "object" };
            default:
                return One(entry.ValueType, entry.Attribute);
        }
    }

    private static JsonObject One(Type type, SettingAttribute? attribute)
    {
        if (SettingModel.IsRecord(type))
        {
            var record = Record(type);
            return ValueParser.IsParsed(type) ? new JsonObject { ["anyOf"] = new JsonArray(new JsonObject { ["type"] = "string" }, record) } : record;
        }

        if (type == typeof(bool)) return new JsonObject { ["type"] = "boolean" };
        if (type.IsEnum) return new JsonObject { ["enum"] = new JsonArray([.. ValueParser.NamesOf(type).Select(n => (JsonNode)n)]) };
        if (type == typeof(int) || type == typeof(long)) return Number("integer", attribute);
        if (type == typeof(double)) return Number("number", attribute);
        // A time may also be hh:mm:ss.
        if (type == typeof(TimeSpan)) return new JsonObject { ["anyOf"] = new JsonArray(Number("number", attribute), new JsonObject { ["type"] = "string" }) };
        if (type != typeof(string)) return new JsonObject { ["type"] = new JsonArray("string", "number") };
        var text = new JsonObject { ["type"] = "string" };
        if (attribute is { Most: < double.PositiveInfinity }) text["maxLength"] = (int)attribute.Most;
        return text;
    }

    private static JsonObject Number(string type, SettingAttribute? attribute)
    {
        var number = new JsonObject { ["type"] = type };
        if (attribute is null) return number;
        if (!double.IsInfinity(attribute.Least)) number["minimum"] = attribute.Least;
        if (!double.IsInfinity(attribute.Most)) number["maximum"] = attribute.Most;
        return attribute.ZeroIsOff ? new JsonObject { ["anyOf"] = new JsonArray(number, new JsonObject { ["const"] = 0 }) } : number;
    }

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
