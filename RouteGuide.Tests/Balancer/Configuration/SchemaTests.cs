using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using RouteGuide.Balancer;
using RouteGuide.Balancer.Configuration;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Tests.Balancer.Configuration;

/// <summary>The schema lets through what the reader does, and what it refuses the reader refuses too.</summary>
public sealed class SchemaTests
{
    private static readonly JsonObject Root = JsonNode.Parse(Schema.Text())!.AsObject();

    [Theory]
    [InlineData("""{ "TargetGroups": { "web": {}, "api": { "ProtocolVersion": "GRPC", "Port": 80, "Targets": ["http://10.0.0.1:80", { "Id": "10.0.0.2", "Weight": 2 }] } } }""")]
    [InlineData("""{ "TargetGroups": { "default": { "Attributes": { "load_balancing.algorithm.type": "peak_ewma", "slow_start.duration_seconds": 30, "deregistration_delay.timeout_seconds": "00:01:00" } } } }""")]
    [InlineData("""{ "TargetGroups": { "default": { "Attributes": { "load_balancing": { "algorithm": { "type": "peak_ewma" }, "algorithm.ewma.decay_seconds": 5 }, "slow_start": { "duration_seconds": 0 } } } } }""")]
    [InlineData("""{ "DrainTimeout": "5", "ConnectTimeout": 0.5, "MaxConnectionAge": "off", "Limits": { "MaxConnections": 5, "HandshakeTimeout": "00:00:02", "IdleTimeout": 60 } }""")]
    [InlineData("""{ "Certificates": { "a": { "Path": "a.pem", "Hosts": ["*.example.com"] } }, "ClientCertificates": { "Mode": "passthrough" }, "TargetTls": { "Verify": false } }""")]
    [InlineData("""{ "Listeners": { "a": { "Url": "http://127.0.0.1:0", "Attributes": { "proxy_protocol.receive": true, "proxy_protocol.trusted": ["10.0.0.0/8"] } } } }""")]
    public void What_can_be_used_fits(string balancer)
    {
        Assert.Empty(Faults(balancer));
        Assert.Null(Record.Exception(() => Read(balancer)));
    }

    [Theory]
    [InlineData("""{ "TargetGroups": { "default": { "Attributes": { "load_balancing.algorithm.typ": "peak_ewma" } } } }""")]
    [InlineData("""{ "TargetGroups": { "default": { "Attributes": { "load_balancing": { "algorithm": { "typ": "peak_ewma" } } } } } }""")]
    [InlineData("""{ "TargetGroups": { "default": { "Attributes": { "slow_start": { "duration_seconds": 1000 } } } } }""")]
    [InlineData("""{ "TargetGroups": { "default": { "Names": [{ "Name": "", "Port": 1 }] } } }""")]
    [InlineData("""{ "DrainTimeout": "five seconds" }""")]
    [InlineData("""{ "DrainTimeout": "off" }""")]
    [InlineData("""{ "DrainTimeout": -1 }""")]
    [InlineData("""{ "Listeners": { "a": {} } }""")]
    [InlineData("""{ "Limits": { "MaxConnection": 5 } }""")]
    [InlineData("""{ "Limits": { "MaxConnections": 0 } }""")]
    [InlineData("""{ "Limits": { "HandshakeTimeout": "soon" } }""")]
    [InlineData("""{ "Certificates": { "a": { "Path": "a.pem", "Host": ["*.example.com"] } } }""")]
    [InlineData("""{ "ClientCertificates": { "Mode": "on" } }""")]
    [InlineData("""{ "Targest": [] }""")]
    public void What_it_refuses_cannot_be_used(string balancer)
    {
        Assert.NotEmpty(Faults(balancer));
        Assert.Throws<ConfigurationException>(() => Read(balancer));
    }

    private static void Read(string balancer)
    {
        using var folder = new ConfigurationFolder(balancer);
        var configuration = new ConfigurationManager();
        Assert.NotNull(ConfigurationFile.Add(configuration, Path.GetDirectoryName(folder.File)!));
        _ = BalancerSettings.Read(configuration);
    }

    private static List<string> Faults(string balancer) => [.. Check(new JsonObject { ["Balancer"] = JsonNode.Parse(balancer) }, Root, "")];

    // As much of JSON Schema as the schema is made of.
    private static IEnumerable<string> Check(JsonNode? value, JsonObject schema, string path)
    {
        if (schema["$ref"]?.GetValue<string>() is { } pointer) return Check(value, At(pointer), path);
        if (schema["anyOf"] is JsonArray any) return any.Any(s => !Check(value, s!.AsObject(), path).Any()) ? [] : [$"{path}: fits none of them"];
        if (schema["const"] is { } only) return JsonNode.DeepEquals(value, only) ? [] : [$"{path}: is not {only}"];
        if (schema["enum"] is JsonArray names) return names.Any(n => JsonNode.DeepEquals(n, value)) ? [] : [$"{path}: is none of {names}"];
        var types = schema["type"] is JsonArray several ? several.Select(t => t!.GetValue<string>()).ToList() : [schema["type"]!.GetValue<string>()];
        if (!types.Any(t => Is(value, t))) return [$"{path}: is not of type {string.Join(" or ", types)}"];
        return value switch
        {
            JsonObject o => CheckObject(o, schema, path),
            JsonArray list => list.SelectMany((item, i) => Check(item, schema["items"]!.AsObject(), $"{path}[{i}]")),
            _ => CheckValue(value!, schema, path),
        };
    }

    private static IEnumerable<string> CheckObject(JsonObject value, JsonObject schema, string path)
    {
        foreach (var name in schema["required"]?.AsArray() ?? [])
        {
            if (!value.ContainsKey(name!.GetValue<string>())) yield return $"{path}: has no {name}";
        }

        foreach (var (name, member) in value)
        {
            var property = schema["properties"]?[name] ?? schema["additionalProperties"];
            if (property is JsonObject own) foreach (var fault in Check(member, own, $"{path}.{name}")) yield return fault;
            else if (property is JsonValue allowed && !allowed.GetValue<bool>()) yield return $"{path}: has a {name}";
        }
    }

    private static IEnumerable<string> CheckValue(JsonNode value, JsonObject schema, string path)
    {
        if (schema["minimum"] is { } least && value.GetValue<double>() < least.GetValue<double>()) yield return $"{path}: is below {least}";
        if (schema["maximum"] is { } most && value.GetValue<double>() > most.GetValue<double>()) yield return $"{path}: is above {most}";
        if (schema["minLength"] is { } shortest && value.GetValue<string>().Length < shortest.GetValue<int>()) yield return $"{path}: is shorter than {shortest}";
        if (schema["pattern"] is { } pattern && !Regex.IsMatch(value.GetValue<string>(), pattern.GetValue<string>())) yield return $"{path}: is not {pattern}";
    }

    private static JsonObject At(string pointer)
    {
        var node = pointer[2..].Split('/').Aggregate((JsonNode)Root, (n, part) => (n is JsonArray list ? list[int.Parse(part, System.Globalization.CultureInfo.InvariantCulture)] : n[part]) ?? throw new InvalidOperationException($"{pointer} leads nowhere at {part}"));
        return node.AsObject();
    }

    private static bool Is(JsonNode? value, string type) => type switch
    {
        "object" => value is JsonObject,
        "array" => value is JsonArray,
        "boolean" => value?.GetValueKind() is System.Text.Json.JsonValueKind.True or System.Text.Json.JsonValueKind.False,
        "string" => value?.GetValueKind() == System.Text.Json.JsonValueKind.String,
        "integer" => value?.GetValueKind() == System.Text.Json.JsonValueKind.Number && value.GetValue<double>() % 1 == 0,
        "number" => value?.GetValueKind() == System.Text.Json.JsonValueKind.Number,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "It is not known."),
    };
}
