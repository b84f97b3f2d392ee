using System.Text.Json;
using System.Text.Json.Nodes;
using RouteGuide.Dashboard.Resources;
using RouteGuide.Dashboard.Web;

namespace RouteGuide.Dashboard.Balancing;

/// <summary>From the balancer's status to what the pages see: their spelling, and the resources behind targets.</summary>
/// <param name="book">The resources.</param>
/// <param name="palette">Their colours.</param>
internal sealed class StatusMapping(ResourceBook book, Palette palette)
{
    private readonly Dictionary<string, long> _picks = [];

    /// <summary>The marks of a status.</summary>
    public static IReadOnlyList<BalancerMark> Marks(JsonObject status) =>
    [
        .. (status["events"] as JsonArray ?? []).OfType<JsonObject>().Select(happened => new BalancerMark(
            Number(happened["id"]), Text(happened["time"]) ?? "", KindOf(happened), Text(happened["group"]) ?? "", Text(happened["target"]), Text(happened["from"]), Text(happened["to"]), Text(happened["reason"]) ?? "")),
    ];

    /// <summary>The algorithms that the balancer knows, as it names them; none where it does not tell.</summary>
    public static IReadOnlyList<string> Algorithms(JsonObject status) => [.. (status["algorithms"] as JsonArray ?? []).Select(Text).OfType<string>()];

    /// <summary>The status in the pages' spelling. To be called once for each status: it counts what was picked since the one before.</summary>
    public JsonObject Status(JsonObject status)
    {
        var mapped = (JsonObject)Camel(status)!;
        mapped.Remove("events");
        mapped.Remove("lastEvent");
        foreach (var group in (mapped["groups"] as JsonArray ?? []).OfType<JsonObject>())
        {
            group["deregistered"] ??= new JsonArray();
            foreach (var target in (group["targets"] as JsonArray ?? []).OfType<JsonObject>()) Complete(target, $"{Text(group["name"])}/{Text(target["name"])}");
        }

        return mapped;
    }

    private void Complete(JsonObject target, string key)
    {
        var picks = Number(target["picks"]);
        target["picksDelta"] = _picks.TryGetValue(key, out var before) ? Math.Max(0, picks - before) : 0;
        _picks[key] = picks;
        var name = Text(target["name"]) ?? "";
        var resource = book.Find(name)?.Name ?? ByPort(Text(target["address"]));
        target["resource"] = resource;
        target["color"] = palette.Of(resource ?? name);
    }

    private string? ByPort(string? address) => address?.LastIndexOf(':') is > 0 and var colon
        ? book.Current.Resources.Values.FirstOrDefault(resource => resource.Environment.Any(variable => variable.Name == "ASPNETCORE_URLS" && (variable.Value ?? "").Split(';').Any(url => url.EndsWith(address[colon..], StringComparison.Ordinal))))?.Name
        : null;

    private static string KindOf(JsonObject happened) => (Text(happened["kind"]), Text(happened["to"])) switch
    {
        ("state", _) => "health",
        ("ejection", "ejected") => "ejected",
        ("ejection", _) => "returned",
        ("register", _) => "registered",
        ("deregister", null or "") => "gone",
        ("deregister", _) => "draining",
        (var other, _) => other ?? "",
    };

    private static JsonNode? Camel(JsonNode? node) => node switch
    {
        JsonObject item => new JsonObject(item.Select(member => KeyValuePair.Create(Camel(member.Key), Camel(member.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Camel)]),
        _ => node?.DeepClone(),
    };

    private static string Camel(string name) => name.Contains('_') ? string.Concat(name.Split('_', StringSplitOptions.RemoveEmptyEntries).Select((part, i) => i == 0 ? part : char.ToUpperInvariant(part[0]) + part[1..])) : name;

    private static string? Text(JsonNode? node) => node?.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : null;

    private static long Number(JsonNode? node) => node?.GetValueKind() == JsonValueKind.Number && node.AsValue().TryGetValue(out long number) ? number : 0;
}
