using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Grpc.Core;

namespace RouteGuide.Dashboard.Otlp;

/// <summary>OTLP's JSON: that of protocol buffers, except that ids of traces and spans are hexadecimal, and enums are numbers.</summary>
internal static class OtlpJson
{
    private const int MaxDepth = 64;

    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(true));
    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default);
    private static readonly JsonFormatter Writer = new(JsonFormatter.Settings.Default.WithFormatEnumsAsIntegers(true));

    /// <exception cref="InvalidJsonException">It is not JSON.</exception>
    /// <exception cref="InvalidProtocolBufferException">It is not this message.</exception>
    /// <exception cref="FormatException">An id is not hexadecimal.</exception>
    public static T Parse<T>(MessageParser<T> parser, ReadOnlyMemory<byte> json)
        where T : class, IMessage<T>
    {
        JsonNode? root;
        try
        {
            root = JsonNode.Parse(json.Span, documentOptions: new JsonDocumentOptions { MaxDepth = MaxDepth });
            Rewrite(root, hex => Convert.ToBase64String(Convert.FromHexString(hex)));
        }
        catch (Exception fault) when (fault is JsonException or ArgumentException)
        {
            // A name that stands twice in an object is found when the object is walked.
            throw new FormatException(fault.Message, fault);
        }

        if (root is not JsonObject) throw new FormatException("It is no object.");
        return (T)Parser.Parse(root.ToJsonString(), parser.ParseFrom(ReadOnlySpan<byte>.Empty).Descriptor);
    }

    public static string Format(IMessage message) => Formatter.Format(message);

    /// <summary>Telemetry as <see cref="Parse"/> reads it.</summary>
    public static byte[] Write(IMessage message)
    {
        var root = JsonNode.Parse(Writer.Format(message));
        Rewrite(root, octets => Convert.ToHexStringLower(Convert.FromBase64String(octets)));
        return JsonSerializer.SerializeToUtf8Bytes(root);
    }

    public static byte[] Status(StatusCode code, string message) => JsonSerializer.SerializeToUtf8Bytes(new { code = (int)code, message });

    private static void Rewrite(JsonNode? node, Func<string, string> id)
    {
        switch (node)
        {
            case JsonObject item:
                foreach (var (name, value) in item.ToArray())
                {
                    if (name is "traceId" or "spanId" or "parentSpanId" or "trace_id" or "span_id" or "parent_span_id" && value is JsonValue text && text.TryGetValue(out string? written)) item[name] = id(written);
                    else Rewrite(value, id);
                }

                break;
            case JsonArray list:
                foreach (var entry in list) Rewrite(entry, id);
                break;
        }
    }
}
