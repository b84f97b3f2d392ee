using RouteGuide.Dashboard.Settings;

namespace RouteGuide.Dashboard.Telemetry.Traces;

/// <summary>A trace at one moment.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Sequence">Grows with each new trace.</param>
/// <param name="Version">Grows with each change of any trace.</param>
/// <param name="IsTruncated">Whether spans were left out.</param>
/// <param name="Spans">Its spans in the order in which they came.</param>
internal sealed record TraceSnapshot(UInt128 Id, long Sequence, long Version, bool IsTruncated, SpanItem[] Spans);

/// <summary>The newest traces, in the order of their first spans.</summary>
/// <param name="limits">How many, of how many spans, of how many bytes.</param>
internal sealed class TraceStore(TelemetryLimits limits)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<UInt128, TraceItem> _byId = [];
    private readonly Ring<TraceItem> _order = new(limits.Traces);
    private long _sequence;
    private long _version;
    private long _bytes;
    private long _spans;
    private bool _evicted;
    private int _clears;

    public int Count => _order.Count;

    public long SpanCount => Volatile.Read(ref _spans);

    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Whether older ones had to make room.</summary>
    public bool IsOver => Volatile.Read(ref _evicted);

    /// <summary>Grows with each change.</summary>
    public long Version => Volatile.Read(ref _version);

    /// <summary>How often traces were cleared.</summary>
    public int Clears => Volatile.Read(ref _clears);

    public void Add(List<SpanItem> spans)
    {
        lock (_lock)
        {
            _version++;
            foreach (var span in spans) Add(span);
        }
    }

    /// <summary>All traces that pass a test, the oldest first.</summary>
    /// <param name="fits">The test, of the version and spans of a trace. It is run under the store's lock.</param>
    public List<TraceSnapshot> Where(Func<TraceItem, bool> fits)
    {
        lock (_lock)
        {
            var found = new List<TraceSnapshot>();
            foreach (var trace in _order.ToArray())
            {
                if (fits(trace)) found.Add(Snapshot(trace));
            }

            return found;
        }
    }

    public TraceSnapshot? Find(UInt128 id)
    {
        lock (_lock) return _byId.TryGetValue(id, out var trace) ? Snapshot(trace) : null;
    }

    /// <summary>The version of a trace; null where it is not kept.</summary>
    public long? VersionOf(UInt128 id)
    {
        lock (_lock) return _byId.TryGetValue(id, out var trace) ? trace.Version : null;
    }

    /// <summary>Spans elsewhere that have links to a trace.</summary>
    public List<(SpanItem From, SpanLinkItem Link)> LinksTo(UInt128 id)
    {
        lock (_lock)
        {
            var found = new List<(SpanItem, SpanLinkItem)>();
            foreach (var trace in _order.ToArray())
            {
                foreach (var span in trace.Spans)
                {
                    foreach (var link in span.Links)
                    {
                        if (link.TraceId == id) found.Add((span, link));
                    }
                }
            }

            return found;
        }
    }

    public void Clear(string? resource)
    {
        lock (_lock)
        {
            var kept = _order.ToArray().Where(trace => resource is not null && !trace.Spans.Any(span => span.Resource.Is(resource))).ToArray();
            while (_order.Count > 0) Forget();
            foreach (var trace in kept)
            {
                _order.Add(trace);
                _byId.Add(trace.Id, trace);
                _bytes += trace.Bytes;
                _spans += trace.Spans.Count;
            }

            _evicted = false;
            _clears++;
            _version++;
        }
    }

    private static TraceSnapshot Snapshot(TraceItem trace) => new(trace.Id, trace.Sequence, trace.Version, trace.IsTruncated, [.. trace.Spans]);

    private void Add(SpanItem span)
    {
        if (!_byId.TryGetValue(span.TraceId, out var trace))
        {
            if (_order.Count >= limits.Traces) Evict();
            trace = new TraceItem(span.TraceId, ++_sequence);
            _order.Add(trace);
            _byId.Add(span.TraceId, trace);
        }

        trace.Version = _version;
        if (trace.Spans.Count >= limits.SpansPerTrace)
        {
            trace.IsTruncated = true;
            return;
        }

        var before = trace.Bytes;
        if (!trace.TryAdd(span)) return;
        _spans++;
        _bytes += trace.Bytes - before;
        // The last one stays, however large it is: its own limits hold.
        while (_bytes > limits.TraceBytes && _order.Count > 1) Evict();
    }

    private void Evict()
    {
        Forget();
        _evicted = true;
    }

    private void Forget()
    {
        var trace = _order.RemoveFirst();
        _byId.Remove(trace.Id);
        _bytes -= trace.Bytes;
        _spans -= trace.Spans.Count;
    }
}
