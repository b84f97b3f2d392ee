using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Grpc.Core;

namespace RouteGuide.Client.Load;

/// <summary>Counts calls as they end. Any thread may count; its size is bounded whatever servers answer.</summary>
internal sealed class LoadStatistics
{
    /// <summary>Takes the replicas that are too many, and those whose name is too long.</summary>
    public const string Others = "(others)";

    private const int MaxReplicas = 256;
    private const int MaxNameLength = 100;
    private const int Codes = 17;

    private readonly long[] _statuses = new long[Codes];
    private readonly ConcurrentDictionary<string, StrongBox<long>> _replicas = new(StringComparer.Ordinal);
    private readonly LatencyHistogram _latencies = new();

    public void Add(StatusCode status, string? replica, TimeSpan latency)
    {
        // A code that nobody has named is UNKNOWN to the specification too.
        Interlocked.Increment(ref _statuses[(int)status is >= 0 and < Codes and var code ? code : (int)StatusCode.Unknown]);
        _latencies.Add(latency);
        if (replica is null) return;
        if (!_replicas.TryGetValue(replica, out var count))
        {
            var name = replica.Length <= MaxNameLength && _replicas.Count < MaxReplicas ? replica : Others;
            count = _replicas.GetOrAdd(name, static _ => new StrongBox<long>());
        }

        Interlocked.Increment(ref count.Value);
    }

    public LoadSnapshot Snapshot() => new(
        [.. _statuses.Select((count, code) => ((StatusCode)code, Count: count)).Where(pair => pair.Count > 0)],
        [.. _replicas.Select(pair => (pair.Key, Interlocked.Read(ref pair.Value.Value))).OrderBy(pair => pair.Key, StringComparer.Ordinal)],
        _latencies.Snapshot());
}

/// <summary>What has been counted so far.</summary>
/// <param name="Statuses">Calls by the status that ended them.</param>
/// <param name="Replicas">Calls by who answered, for those calls where that was told.</param>
/// <param name="Latencies">Of all calls.</param>
internal sealed record LoadSnapshot(IReadOnlyList<(StatusCode Status, long Count)> Statuses, IReadOnlyList<(string Name, long Count)> Replicas, LatencySnapshot Latencies)
{
    public long Calls => Latencies.Count;

    public long Failed => Statuses.Where(pair => pair.Status != StatusCode.OK).Sum(pair => pair.Count);
}
