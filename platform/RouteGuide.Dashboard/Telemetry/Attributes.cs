using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Google.Protobuf.Collections;
using OpenTelemetry.Proto.Common.V1;
using RouteGuide.Dashboard.Settings;

namespace RouteGuide.Dashboard.Telemetry;

/// <summary>An attribute as it is kept and shown.</summary>
internal readonly record struct Attribute(string Key, string Value);

/// <summary>Takes attributes out of OTLP's messages: as text, no more and no longer than the limits say, and equal names only once in memory.</summary>
/// <param name="limits">How many and how long.</param>
internal sealed class AttributeReader(TelemetryLimits limits)
{
    private const int MaxShared = 20_000;
    // Longer ones are rarely said twice.
    private const int MaxSharedLength = 48;
    private const int MaxKeyLength = 512;
    private const int MaxDepth = 16;

    private readonly ConcurrentDictionary<string, string> _shared = new(StringComparer.Ordinal);
    // Counted here: the dictionary takes all of its locks to do so.
    private int _sharedCount;

    public Attribute[] Read(RepeatedField<KeyValue> attributes)
    {
        var count = Math.Min(attributes.Count, limits.Attributes);
        if (count == 0) return [];
        var read = new Attribute[count];
        for (var i = 0; i < count; i++) read[i] = new Attribute(Share(Cut(attributes[i].Key, MaxKeyLength)), Text(attributes[i].Value));
        return read;
    }

    /// <summary>A value as text; what is nested is JSON.</summary>
    public string Text(AnyValue? value) => value?.ValueCase switch
    {
        AnyValue.ValueOneofCase.StringValue => Share(Cut(value.StringValue)),
        AnyValue.ValueOneofCase.BoolValue => value.BoolValue ? "true" : "false",
        AnyValue.ValueOneofCase.IntValue => Share(value.IntValue.ToString(CultureInfo.InvariantCulture)),
        AnyValue.ValueOneofCase.DoubleValue => value.DoubleValue.ToString("R", CultureInfo.InvariantCulture),
        AnyValue.ValueOneofCase.BytesValue => Cut(Convert.ToBase64String(value.BytesValue.Span[..Math.Min(value.BytesValue.Length, limits.AttributeLength)])),
        AnyValue.ValueOneofCase.ArrayValue or AnyValue.ValueOneofCase.KvlistValue => Nested(value),
        _ => "",
    };

    /// <summary>A text that many things have: kept once, as long as there are not too many of them.</summary>
    public string Share(string text)
    {
        if (text.Length > MaxSharedLength) return text;
        if (_shared.TryGetValue(text, out var shared)) return shared;
        // Started over when it is full: whatever is common comes back at once.
        if (Interlocked.Increment(ref _sharedCount) > MaxShared)
        {
            _shared.Clear();
            Volatile.Write(ref _sharedCount, 0);
        }

        return _shared.GetOrAdd(text, text);
    }

    public string Cut(string text) => Cut(text, limits.AttributeLength);

    /// <summary>Bytes that attributes take in memory, roughly.</summary>
    public static long SizeOf(Attribute[] attributes)
    {
        var size = 24L;
        foreach (var attribute in attributes) size += 16 + 24 + (2 * attribute.Value.Length);
        return size;
    }

    private static string Cut(string text, int length)
    {
        if (text.Length <= length) return text;
        return text[..(char.IsHighSurrogate(text[length - 1]) ? length - 1 : length)];
    }

    private string Nested(AnyValue value)
    {
        var octets = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(octets)) Write(json, value, 0);
        return Cut(Encoding.UTF8.GetString(octets.WrittenSpan));
    }

    private void Write(Utf8JsonWriter json, AnyValue? value, int depth)
    {
        // What would be cut off anyway is not written.
        if (depth > MaxDepth || json.BytesCommitted + json.BytesPending > 4L * limits.AttributeLength)
        {
            json.WriteNullValue();
            return;
        }

        switch (value?.ValueCase)
        {
            case AnyValue.ValueOneofCase.ArrayValue:
                json.WriteStartArray();
                foreach (var item in value.ArrayValue.Values) Write(json, item, depth + 1);
                json.WriteEndArray();
                break;
            case AnyValue.ValueOneofCase.KvlistValue:
                json.WriteStartObject();
                foreach (var pair in value.KvlistValue.Values)
                {
                    json.WritePropertyName(pair.Key);
                    Write(json, pair.Value, depth + 1);
                }

                json.WriteEndObject();
                break;
            case AnyValue.ValueOneofCase.BoolValue:
                json.WriteBooleanValue(value.BoolValue);
                break;
            case AnyValue.ValueOneofCase.IntValue:
                json.WriteNumberValue(value.IntValue);
                break;
            case AnyValue.ValueOneofCase.DoubleValue when double.IsFinite(value.DoubleValue):
                json.WriteNumberValue(value.DoubleValue);
                break;
            case null or AnyValue.ValueOneofCase.None:
                json.WriteNullValue();
                break;
            default:
                json.WriteStringValue(Text(value));
                break;
        }
    }
}
