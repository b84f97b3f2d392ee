using System.Runtime.InteropServices;

namespace RouteGuide.Dashboard.Telemetry.Metrics;

/// <summary>The points of an instrument that have the same attributes, from one resource. It belongs to the store and is read under its lock.</summary>
/// <param name="attributes">Its dimensions.</param>
internal sealed class MetricSeries(Attribute[] attributes)
{
    private const int MaxExemplars = 50;

    private readonly Queue<MetricPoint> _points = new();
    private readonly Queue<ExemplarItem> _exemplars = new();
    private MetricPoint? _last;
    private bool _repeats;

    public Attribute[] Attributes => attributes;

    public IReadOnlyCollection<MetricPoint> Points => _points;

    public IReadOnlyCollection<ExemplarItem> Exemplars => _exemplars;

    /// <summary>The time of the first report, in milliseconds since 1970; 0 before it.</summary>
    public long FirstSeen { get; private set; }

    /// <summary>The time of the last report, whether anything had changed or not.</summary>
    public long LastSeen { get; private set; }

    /// <summary>Milliseconds between the last two reports; 0 before there are two.</summary>
    public long Interval { get; private set; }

    /// <summary>What an accumulating source had reported last.</summary>
    public Accumulated? Baseline { get; set; }

    public string? Dimension(string name)
    {
        foreach (var attribute in attributes)
        {
            if (attribute.Key == name) return attribute.Value;
        }

        return null;
    }

    /// <summary>Notes a report. False if it is not newer than the last one: it came twice.</summary>
    public bool TrySee(long time)
    {
        if (time <= LastSeen) return false;
        if (LastSeen > 0) Interval = time - LastSeen;
        if (FirstSeen == 0) FirstSeen = time;
        LastSeen = time;
        return true;
    }

    /// <summary>Adds what a report tells. False if it was said by moving a point: a value that stays the same has only a first and a last.</summary>
    public bool TryAdd(MetricPoint point, bool isLevel)
    {
        if (isLevel && _last is { } last && last.Value.Equals(point.Value))
        {
            if (_repeats)
            {
                last.Time = point.Time;
                return false;
            }

            _repeats = true;
        }
        else
        {
            _repeats = false;
        }

        _points.Enqueue(point);
        _last = point;
        return true;
    }

    public MetricPoint RemoveFirst()
    {
        var point = _points.Dequeue();
        if (_points.Count == 0) (_last, _repeats) = (null, false);
        return point;
    }

    public void Add(ExemplarItem exemplar)
    {
        if (_exemplars.Count >= MaxExemplars) _exemplars.Dequeue();
        _exemplars.Enqueue(exemplar);
    }
}

/// <summary>A source's own sum since its start.</summary>
/// <param name="Start">When that was, in nanoseconds since 1970.</param>
/// <param name="Value">The sum.</param>
/// <param name="Count">How many measurements.</param>
/// <param name="Buckets">How many in each bucket; the number of the bucket is its key.</param>
/// <param name="Scale">What the numbers of the buckets mean: an exponential histogram's scale, or a hash of the bounds.</param>
internal sealed record Accumulated(ulong Start, double Value, ulong Count = 0, Dictionary<int, ulong>? Buckets = null, int Scale = 0)
{
    /// <summary>What has been added since an earlier report; everything where the source has begun anew.</summary>
    public Accumulated Since(Accumulated? before, bool isHistogram)
    {
        if (before is null || before.Start != Start || (isHistogram ? Count < before.Count : Value < before.Value)) return this;
        return this with { Value = Value - before.Value, Count = isHistogram ? Count - before.Count : 0, Buckets = Buckets is null || before.Buckets is null ? Buckets : Difference(Buckets, before.Buckets) };
    }

    private static Dictionary<int, ulong> Difference(Dictionary<int, ulong> now, Dictionary<int, ulong> before)
    {
        var difference = new Dictionary<int, ulong>(now);
        foreach (var (bucket, count) in before)
        {
            ref var left = ref CollectionsMarshal.GetValueRefOrNullRef(difference, bucket);
            if (System.Runtime.CompilerServices.Unsafe.IsNullRef(ref left)) continue;
            left -= Math.Min(left, count);
            if (left == 0) difference.Remove(bucket);
        }

        return difference;
    }
}
