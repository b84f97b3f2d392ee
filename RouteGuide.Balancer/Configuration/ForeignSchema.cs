using System.Text.Json.Nodes;
using RouteGuide.Balancer.Proxy;
using RouteGuide.Http2;

namespace RouteGuide.Balancer.Configuration;

/// <summary>The schema of the sections that have readers of their own: certificates by <c>TlsSettings</c>, limits by <see cref="LimitSettings"/>.</summary>
internal static class ForeignSchema
{
    /// <summary>Of a section, by its name below <c>Balancer</c>.</summary>
    public static JsonObject Of(string section) => section switch
    {
        "Certificates" => new JsonObject { ["type"] = "object", ["additionalProperties"] = Certificate(("Hosts", new JsonObject { ["type"] = "array", ["items"] = Text() })) },
        "ClientCertificates" => Object(("Mode", new JsonObject { ["enum"] = new JsonArray("off", "passthrough", "verify") }), ("TrustStorePath", Text()), ("IgnoreExpiry", Switch())),
        "TargetTls" => Object(("Verify", Switch()), ("TrustStorePath", Text()), ("ServerName", Text()), ("Certificate", Certificate())),
        "Limits" => Object([.. LimitSettings.All(new ProxyLimits()).Concat(LimitSettings.All(new Http2Limits())).Select(l => (LimitSettings.NameOf(l.Property), Limit(l.Owner, l.Property)))]),
        _ => throw new ArgumentOutOfRangeException(nameof(section), section, "It has no schema."),
    };

    private static JsonObject Limit(object owner, System.Reflection.PropertyInfo property)
    {
        var range = LimitSettings.RangeOf(property);
        if (LimitSettings.IsTime(property)) return Schema.Time(range.Least / 1000.0, range.Most / 1000.0, zeroIsOff: false);
        if (property.GetValue(owner) is not Rate) return Schema.Number("integer", range.Least, range.Most, zeroIsOff: false);
        return Object((nameof(Rate.Burst), Schema.Number("integer", Math.Max(1, range.Least), range.Most, zeroIsOff: false)), (nameof(Rate.PerSecond), Schema.Number("integer", range.Least, range.Most, zeroIsOff: false)));
    }

    private static JsonObject Certificate(params IEnumerable<(string, JsonObject)> more)
    {
        var certificate = Object([("Path", Text()), ("KeyPath", Text()), ("Password", new JsonObject { ["type"] = "string" }), .. more]);
        certificate["required"] = new JsonArray("Path");
        return certificate;
    }

    private static JsonObject Object(params IEnumerable<(string Name, JsonObject Schema)> properties) =>
        new() { ["type"] = "object", ["properties"] = new JsonObject(properties.Select(p => KeyValuePair.Create<string, JsonNode?>(p.Name, p.Schema))), ["additionalProperties"] = false };

    private static JsonObject Text() => new() { ["type"] = "string", ["minLength"] = 1 };

    private static JsonObject Switch() => new() { ["type"] = "boolean" };
}
