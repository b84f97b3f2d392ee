using System.Runtime.InteropServices;
using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Routing.Metering;
using RouteGuide.Http2.Hpack;

namespace RouteGuide.Balancer.Proxy.Metering;

/// <summary>
/// What one event loop has counted: plain numbers that it alone writes, so that a call costs neither a lock nor a look-up by labels. See
/// <see cref="MeterBook"/>.
/// </summary>
internal sealed class LoopMeter(MeterBook book, int slot)
{
    /// <summary>HTTP codes that the balancer answers with itself; the last stands for all others.</summary>
    public static readonly int[] LocalCodes = [200, 301, 302, 400, 403, 404, 405, 408, 413, 414, 429, 431, 460, 464, 500, 502, 503, 504, 0];

    private const int RecentPaths = 64;

    private static readonly int Ends = Enum.GetValues<ExchangeEnd>().Length;

    // Few methods make nearly all calls: the last ones are known by their octets, without decoding and hashing them.
    private readonly (byte[] Path, MethodCounts Counts)[] _recent = new (byte[], MethodCounts)[RecentPaths];
    private readonly long[] _local = new long[Ends * LocalCodes.Length];
    private readonly long[] _ends = new long[Ends];
    private readonly MethodCounts _other = book.Methods.Other.Counts.Of(slot);
    private readonly long _frequency = book.Time.TimestampFrequency;

    /// <summary>Where its counts are among those of targets and groups.</summary>
    public int Slot { get; } = slot;

    /// <summary>Octets from clients, without TLS.</summary>
    public long ReceivedOctets { get; set; }

    /// <summary>Octets for clients, without TLS.</summary>
    public long SentOctets { get; set; }

    /// <summary>Rules that were asked.</summary>
    public long RuleEvaluations { get; set; }

    /// <summary>Calls by how they ended, at the place of their <see cref="ExchangeEnd"/>.</summary>
    public ReadOnlySpan<long> ByEnd => _ends;

    /// <summary>Answers of the balancer's own.</summary>
    /// <param name="end">Why it answered.</param>
    /// <param name="code">Place in <see cref="LocalCodes"/>.</param>
    public long Local(ExchangeEnd end, int code) => _local[(int)end * LocalCodes.Length + code];

    /// <summary>A call has ended.</summary>
    public void OnCall(in ExchangeReport report)
    {
        _ends[(int)report.End]++;
        if (report.Notes is { LocalStatus: > 0 and var local }) _local[(int)report.End * LocalCodes.Length + CodeIndex(local)]++;
        var microseconds = report.Duration.Ticks / TimeSpan.TicksPerMicrosecond;
        if (report.Attempts > 0) OnTargetCall(report.Group!.Group.Counts.Of(Slot), in report, microseconds);
        if (report.Type.IsGrpc() && report.Request is { } request) OnGrpcCall(in report, request, microseconds);
    }

    private static int CodeIndex(int code) => Array.IndexOf(LocalCodes, code) is >= 0 and var index ? index : LocalCodes.Length - 1;

    private void OnTargetCall(GroupCounts counts, in ExchangeReport report, long microseconds)
    {
        counts.Calls[(int)report.Type]++;
        counts.Call.Add(microseconds);
        var tries = CollectionsMarshal.AsSpan(report.Tries);
        if (tries.Length > 1) OnRepeated(counts, tries);
        foreach (ref readonly var attempt in tries)
        {
            var outcome = attempt.Outcome;
            attempt.Target.Counts.Of(Slot).Add(in outcome, report.EndedAt, _frequency);
            if (outcome.Kind == OutcomeKind.Answered) counts.Responses[outcome.IsGrpc ? 2 : Math.Min(outcome.Status / 100, 5)]++;
            if (outcome.FirstOctet < 0) continue;
            counts.TargetResponse.Add(outcome.FirstOctet / TimeSpan.TicksPerMicrosecond);
            if (book.ResponseTime is { Enabled: true } histogram) histogram.Record(outcome.FirstOctet / (double)TimeSpan.TicksPerSecond, report.Group!.Tag);
        }
    }

    private static void OnRepeated(GroupCounts counts, ReadOnlySpan<AttemptReport> tries)
    {
        counts.Retries += tries.Length - 1;
        for (var i = 1; i < tries.Length; i++)
        {
            // One that begins when another ends is a retry; beside one that runs it is a hedge.
            for (var j = 0; j < i; j++)
            {
                if (tries[j].Picked + tries[j].Outcome.Duration <= tries[i].Picked) continue;
                counts.Hedges++;
                break;
            }
        }
    }

    private void OnGrpcCall(in ExchangeReport report, HeaderList request, long microseconds)
    {
        var index = request.IndexOf(KnownHeader.Path);
        if (index < 0) return;
        var status = MethodCounts.IndexOf(report.GrpcStatus, report.End == ExchangeEnd.ClientGone);
        var counts = Find(request.Value(index), mayAdd: report.Notes is { TargetStatus: 200, LocalStatus: 0 } && report.GrpcStatus is not null && MethodBook.IsProof(status));
        counts.Statuses[status]++;
        counts.Microseconds += microseconds;
    }

    private MethodCounts Find(ReadOnlySpan<byte> path, bool mayAdd)
    {
        ref var recent = ref _recent[(path.Length * 31 + path[^1] * 7 + path[path.Length / 2]) & (RecentPaths - 1)];
        if (recent.Path is not null && path.SequenceEqual(recent.Path)) return recent.Counts;
        var method = book.Methods.Find(path);
        if (method is null && (!mayAdd || !book.Methods.TryAdd(path, out method))) return _other;
        var counts = method.Counts.Of(Slot);
        // Two that meet in one place take turns; that must not cost an array each time.
        if (recent.Path is null) recent = (path.ToArray(), counts);
        return counts;
    }
}
