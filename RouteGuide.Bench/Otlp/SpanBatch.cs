using System.Buffers.Binary;
using Google.Protobuf;
using OpenTelemetry.Proto.Collector.Trace.V1;
using OpenTelemetry.Proto.Common.V1;
using OpenTelemetry.Proto.Resource.V1;
using OpenTelemetry.Proto.Trace.V1;

namespace RouteGuide.Bench.Otlp;

/// <summary>
/// A message of spans as an exporter sends it. It is written once; before each sending only the ids are changed where they lie, so that the
/// one who measures takes little of the processors from the one who is measured.
/// </summary>
internal sealed class SpanBatch
{
    /// <summary>Spans of one message: what exporters send unless told otherwise.</summary>
    public const int Spans = 512;

    private const int SpansOfTrace = 4;
    private const int Attributes = 8;
    // What is looked for to find the ids; no other field has it.
    private const ulong Marker = 0xfedc_ba98_7654_3210;

    private readonly byte[] _message;
    private readonly int[] _traceIds = new int[Spans];
    private readonly int[] _spanIds = new int[Spans];
    private readonly ulong _sender;
    private ulong _next;

    /// <param name="sender">Tells its ids from those of other senders; not 0.</param>
    /// <param name="now">The spans' time.</param>
    public SpanBatch(ulong sender, DateTimeOffset now)
    {
        _sender = sender;
        var start = (ulong)now.ToUnixTimeMilliseconds() * 1_000_000;
        var scope = new ScopeSpans { Scope = new InstrumentationScope { Name = "RouteGuide.Bench" } };
        for (var i = 0; i < Spans; i++) scope.Spans.Add(NewSpan(i, start));
        var resource = new Resource { Attributes = { Pair("service.name", "bench"), Pair("service.instance.id", $"sender{sender}") } };
        _message = new ExportTraceServiceRequest { ResourceSpans = { new ResourceSpans { Resource = resource, ScopeSpans = { scope } } } }.ToByteArray();
        for (int i = 0, at = 0; i < Spans; i++)
        {
            _traceIds[i] = at = Find(at, i);
            _spanIds[i] = at = Find(at + 16, i);
            at += 8;
        }
    }

    /// <summary>The message with ids that were not there before. It is good until the next call.</summary>
    public byte[] Next()
    {
        for (var i = 0; i < Spans; i++)
        {
            var trace = _message.AsSpan(_traceIds[i], 16);
            BinaryPrimitives.WriteUInt64BigEndian(trace, _sender);
            BinaryPrimitives.WriteUInt64BigEndian(trace[8..], (_next / SpansOfTrace) + 1);
            BinaryPrimitives.WriteUInt64BigEndian(_message.AsSpan(_spanIds[i], 8), ++_next);
        }

        return _message;
    }

    private static Span NewSpan(int i, ulong start)
    {
        var span = new Span
        {
            TraceId = ByteString.CopyFrom([.. MarkerOf(i), .. new byte[8]]),
            SpanId = ByteString.CopyFrom(MarkerOf(i)),
            Name = $"routeguide.RouteGuide/Call{i % 10}",
            Kind = i % 2 == 0 ? Span.Types.SpanKind.Client : Span.Types.SpanKind.Server,
            StartTimeUnixNano = start + (ulong)i,
            EndTimeUnixNano = start + (ulong)i + 1_000_000,
        };
        for (var a = 0; a < Attributes; a++) span.Attributes.Add(Pair($"attribute.{a}", $"value {i * a}"));
        return span;
    }

    private static KeyValue Pair(string key, string value) => new() { Key = key, Value = new AnyValue { StringValue = value } };

    private static byte[] MarkerOf(int i)
    {
        var marker = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(marker, Marker ^ (ulong)i);
        return marker;
    }

    private int Find(int from, int i) => from + _message.AsSpan(from).IndexOf(MarkerOf(i)) is var at && at >= from ? at : throw new InvalidOperationException("An id is not where it was written.");
}
