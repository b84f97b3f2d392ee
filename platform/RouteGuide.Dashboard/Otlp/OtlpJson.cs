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
            Rewrite(root);
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

    public static byte[] Status(StatusCode code, string message) => JsonSerializer.SerializeToUtf8Bytes(new { code = (int)code, message });

    private static void Rewrite(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject item:
                foreach (var (name, value) in item.ToArray())
                {
                    if (name is "traceId" or "spanId" or "parentSpanId" or "trace_id" or "span_id" or "parent_span_id" && value is JsonValue id && id.TryGetValue(out string? hex)) item[name] = Convert.ToBase64String(Convert.FromHexString(hex));
                    else Rewrite(value);
                }

                break;
            case JsonArray list:
                foreach (var entry in list) Rewrite(entry);
                break;
        }
    }
}
