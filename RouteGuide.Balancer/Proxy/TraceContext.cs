using System.Diagnostics;
using System.Globalization;
using System.Text;
using RouteGuide.Http2.Hpack;

namespace RouteGuide.Balancer.Proxy;

/// <summary>The W3C trace context that a target sees, and the balancer's own span.</summary>
internal static class TraceContext
{
    /// <summary>Octets of a <c>traceparent</c> of version 00.</summary>
    public const int Length = 55;

    private static readonly System.Buffers.SearchValues<byte> LowerHex = System.Buffers.SearchValues.Create("0123456789abcdef"u8);
    private static readonly ActivitySource Source = new("RouteGuide.Balancer");
    /// <summary>The field's name.</summary>
    public static HeaderEntry Name { get; } = new("traceparent", "");

    /// <summary>Somebody may want spans.</summary>
    public static bool IsRecorded => Source.HasListeners();

    /// <summary>The balancer's span of a call, below the client's; null when nobody records it. It is not the thread's current one.</summary>
    public static Activity? StartSpan(HeaderList request, bool isGrpc)
    {
        if (!IsRecorded) return null;
        return StartSpan(request.Text(KnownHeader.TraceParent), request.Text(KnownHeader.TraceState), request.Text(KnownHeader.Method), request.Text(KnownHeader.Path) ?? "/", isGrpc);
    }

    /// <inheritdoc cref="StartSpan(HeaderList, bool)"/>
    public static Activity? StartSpan(string? traceParent, string? traceState, string? method, string path, bool isGrpc)
    {
        if (!IsRecorded) return null;
        ActivityContext.TryParse(traceParent, traceState, isRemote: true, out var parent);
        var span = Source.StartActivity(path.TrimStart('/'), ActivityKind.Server, parent);
        Activity.Current = null;
        if (span is not { IsAllDataRequested: true }) return span;
        span.SetTag("http.request.method", method).SetTag("url.path", path);
        if (!isGrpc || path.IndexOf('/', 1) is not (> 1 and var slash)) return span;
        span.SetTag("rpc.system", "grpc").SetTag("rpc.service", path[1..slash]).SetTag("rpc.method", path[(slash + 1)..]);
        return span;
    }

    /// <summary>Ends a span with what became of the call.</summary>
    public static void End(Activity span, in ExchangeReport report)
    {
        if (report.HttpStatus > 0) span.SetTag("http.response.status_code", report.HttpStatus);
        if (report.GrpcStatus is not null) span.SetTag("rpc.grpc.status_code", int.TryParse(report.GrpcStatus, CultureInfo.InvariantCulture, out var code) ? code : report.GrpcStatus);
        if (report.Target is { } target) span.SetTag("server.address", target.Address.Host).SetTag("server.port", target.Address.Port).SetTag("routeguide.target", target.Name);
        if (report.Group is { } group) span.SetTag("routeguide.target_group", group.Group.Name).SetTag("routeguide.algorithm", group.Picker.GetType().Name);
        span.SetTag("routeguide.attempts", report.Attempts);
        // One attempt is the span itself; of several each is told, with its own time.
        for (var i = 0; report.Attempts > 1 && i < report.Attempts; i++)
        {
            var attempt = report.Tries[i];
            span.AddEvent(new ActivityEvent("attempt", span.StartTimeUtc.AddTicks(attempt.Picked), new ActivityTagsCollection
            {
                ["routeguide.attempt"] = i + 1,
                ["routeguide.target"] = attempt.Target.Name,
                ["routeguide.outcome"] = attempt.Outcome.Kind.ToString(),
            }));
        }

        if (report.End is not (ExchangeEnd.Completed or ExchangeEnd.ClientGone)) span.SetStatus(ActivityStatusCode.Error, report.End.ToString());
        // It began a turn of the loop's clock ago, which is not the clock that would be asked now.
        span.SetEndTime(span.StartTimeUtc + report.Duration);
        span.Stop();
        Activity.Current = null;
    }

    /// <summary>
    /// Adds what the target is to see: the balancer's own span when it is recorded, so that the target's hangs below it; else the client's
    /// field as it came; else a new one, so that the logs of both sides can be joined.
    /// </summary>
    public static void Add(HeaderList source, HeaderList destination, Activity? span, Random random)
    {
        if (span is { IdFormat: ActivityIdFormat.W3C, IsAllDataRequested: true, Id: { Length: Length } id })
        {
            Span<byte> own = stackalloc byte[Length];
            Encoding.ASCII.GetBytes(id, own);
            destination.Add(Name, own);
        }
        else if (!TryKeep(source, destination))
        {
            Span<byte> made = stackalloc byte[Length];
            Make(made, random);
            destination.Add(Name, made);
        }
    }

    /// <summary>The same as text, for targets of HTTP/1.1.</summary>
    public static string ForTarget(string? received, Activity? span)
    {
        if (span is { IdFormat: ActivityIdFormat.W3C, IsAllDataRequested: true, Id: { Length: Length } id }) return id;
        if (received is not null && IsValid(Encoding.Latin1.GetBytes(received))) return received;
        Span<byte> made = stackalloc byte[Length];
        Make(made, Random.Shared);
        return Encoding.ASCII.GetString(made);
    }

    /// <summary>Passes the client's field on. False if there is none that is valid.</summary>
    public static bool TryKeep(HeaderList source, HeaderList destination)
    {
        var index = source.IndexOf(KnownHeader.TraceParent);
        if (index < 0 || !IsValid(source.Value(index))) return false;
        destination.Add(source, index);
        return true;
    }

    /// <summary>Whether a value is one that may be passed on (W3C Trace Context, section 3.2.2); of later versions only the beginning is known.</summary>
    public static bool IsValid(ReadOnlySpan<byte> value)
    {
        if (value.Length < Length || value[2] != '-' || value[35] != '-' || value[52] != '-') return false;
        if (!IsHex(value[..2]) || !IsHex(value[3..35]) || !IsHex(value[36..52]) || !IsHex(value[53..55])) return false;
        if (value[..2].SequenceEqual("ff"u8) || value[3..35].IndexOfAnyExcept((byte)'0') < 0 || value[36..52].IndexOfAnyExcept((byte)'0') < 0) return false;
        return value.Length == Length || (!value[..2].SequenceEqual("00"u8) && value[Length] == '-');
    }

    /// <summary>The flag of a valid value that says that its trace is recorded.</summary>
    public static bool IsSampled(ReadOnlySpan<byte> value) => (value[54] is >= (byte)'a' ? value[54] - 'a' + 10 : value[54] - '0') % 2 == 1;

    private static bool IsHex(ReadOnlySpan<byte> text) => text.IndexOfAnyExcept(LowerHex) < 0;

    /// <summary>Makes a value, not sampled.</summary>
    /// <param name="text">Room for <see cref="Length"/> octets.</param>
    /// <param name="random">The ids.</param>
    public static void Make(Span<byte> text, Random random)
    {
        Span<byte> octets = stackalloc byte[24];
        random.NextBytes(octets);
        // All zero would be invalid.
        octets[0] |= 1;
        octets[16] |= 1;
        "00-"u8.CopyTo(text);
        Convert.TryToHexStringLower(octets[..16], text[3..], out _);
        text[35] = (byte)'-';
        Convert.TryToHexStringLower(octets[16..], text[36..], out _);
        "-00"u8.CopyTo(text[52..]);
    }
}
