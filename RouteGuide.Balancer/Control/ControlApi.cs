using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Control;

/// <summary>
/// Changes by HTTP on the admin listener, below <c>/control/groups/{group}</c>; docs/observability.md lists them. Answers are JSON, those to
/// changes that cannot be made <c>application/problem+json</c> (RFC 9457).
/// </summary>
/// <param name="gate">Says who may.</param>
/// <param name="control">Makes the changes.</param>
internal sealed class ControlApi(AdminGate gate, TargetControl control)
{
    /// <summary>What all its paths begin with.</summary>
    public const string Root = "/control";

    private const int MaxBody = 4 * 1024;

    // Nobody puts it into a page of HTML unread.
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public async Task Handle(HttpContext context)
    {
        try
        {
            gate.Check(context);
            var answer = await Change(context);
            await Write(context, StatusCodes.Status200OK, "application/json", json => Write(json, answer));
        }
        catch (ControlException e)
        {
            if (e.Allow is not null) context.Response.Headers.Allow = e.Allow;
            await Write(context, e.Status, "application/problem+json", json => Write(json, e));
        }
    }

    private async Task<ControlAnswer> Change(HttpContext context)
    {
        var who = $"{context.Connection.RemoteIpAddress}";
        var path = context.Request.Path.Value ?? "";
        // A name may have a slash in it, as the address http://ip:port has: Kestrel leaves that one escaped.
        string[] parts = [.. path.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase))];
        switch (parts)
        {
            case ["control", "groups", var group, "targets", var target, "deregister"]:
                Require(context, HttpMethods.Post);
                return control.Deregister(group, target, who);
            case ["control", "groups", var group, "targets", var target, "register"]:
                Require(context, HttpMethods.Post);
                return control.Register(group, target, who);
            case ["control", "groups", var group, "targets", var target, "weight"]:
                Require(context, HttpMethods.Put);
                var weight = await Member(context, "weight", JsonValueKind.Number, "{\"weight\":1..999}");
                return control.Reweigh(group, target, weight.TryGetInt32(out var number) ? number : throw Bad($"the weight {RegistryText.Shown(weight.GetRawText())} is not a whole number from 1 to {TargetSettings.MaxWeight}"), who);
            case ["control", "groups", var group, "algorithm"]:
                Require(context, HttpMethods.Put);
                var algorithm = await Member(context, "algorithm", JsonValueKind.String, "{\"algorithm\":\"round_robin\"}");
                return control.Choose(group, algorithm.GetString()!, who);
            default:
                throw new ControlException(StatusCodes.Status404NotFound, $"there is nothing at '{RegistryText.Shown(path)}'; there are groups/{{group}}/targets/{{target}}/deregister, …/register, …/weight and groups/{{group}}/algorithm below {Root}");
        }
    }

    private static void Require(HttpContext context, string method)
    {
        if (HttpMethods.Equals(context.Request.Method, method)) return;
        throw new ControlException(StatusCodes.Status405MethodNotAllowed, $"the method {RegistryText.Shown(context.Request.Method)} is not for this: use {method}") { Allow = method };
    }

    private static async Task<JsonElement> Member(HttpContext context, string name, JsonValueKind kind, string expected)
    {
        var body = await Body(context);
        JsonElement root;
        try
        {
            using var document = JsonDocument.Parse(body);
            root = document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw Bad($"the body is no JSON ({RegistryText.Shown(e.Message)}); expected {expected}");
        }

        if (root.ValueKind != JsonValueKind.Object) throw Bad($"the body is a JSON {Name(root.ValueKind)}; expected {expected}");
        foreach (var member in root.EnumerateObject())
        {
            if (member.Name != name) throw Bad($"the body has a member '{RegistryText.Shown(member.Name)}'; expected {expected}");
        }

        if (!root.TryGetProperty(name, out var value)) throw Bad($"the body has no member '{name}'; expected {expected}");
        return value.ValueKind == kind ? value : throw Bad($"the member '{name}' is a JSON {Name(value.ValueKind)}; expected {expected}");

        static string Name(JsonValueKind kind) => kind is JsonValueKind.True or JsonValueKind.False ? "boolean" : kind.ToString().ToLowerInvariant();
    }

    private static async Task<ReadOnlyMemory<byte>> Body(HttpContext context)
    {
        // A form of another page cannot send this type without being asked for first.
        if (!context.Request.HasJsonContentType()) throw new ControlException(StatusCodes.Status415UnsupportedMediaType, $"the content type '{RegistryText.Shown(context.Request.ContentType ?? "")}' is not application/json");
        var octets = new byte[MaxBody + 1];
        var length = 0;
        try
        {
            while (length < octets.Length)
            {
                var read = await context.Request.Body.ReadAsync(octets.AsMemory(length), context.RequestAborted);
                if (read == 0) return octets.AsMemory(0, length);
                length += read;
            }
        }
        catch (BadHttpRequestException e)
        {
            throw new ControlException(e.StatusCode, $"the body cannot be read: {e.Message}");
        }

        throw new ControlException(StatusCodes.Status413PayloadTooLarge, $"the body has more than {MaxBody} octets");
    }

    private static ControlException Bad(string detail) => new(StatusCodes.Status400BadRequest, detail);

    private static Task Write(HttpContext context, int status, string type, Action<Utf8JsonWriter> content)
    {
        var octets = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(octets, Plain)) content(json);
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = type;
        response.ContentLength = octets.WrittenCount;
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : response.Body.WriteAsync(octets.WrittenMemory, context.RequestAborted).AsTask();
    }

    private static void Write(Utf8JsonWriter json, ControlAnswer answer)
    {
        json.WriteStartObject();
        json.WriteString("group", answer.Group);
        if (answer.Target is not null) json.WriteString("target", answer.Target);
        if (answer.State is { } state) json.WriteString("state", state.Name());
        if (answer.Weight is { } weight) json.WriteNumber("weight", weight);
        if (answer.Algorithm is not null) json.WriteString("algorithm", answer.Algorithm);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, ControlException problem)
    {
        json.WriteStartObject();
        json.WriteString("title", problem.Title);
        json.WriteNumber("status", problem.Status);
        json.WriteString("detail", problem.Message);
        json.WriteEndObject();
    }
}
