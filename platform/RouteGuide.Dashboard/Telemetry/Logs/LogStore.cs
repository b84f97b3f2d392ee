using System.Runtime.InteropServices;
using RouteGuide.Dashboard.Settings;

namespace RouteGuide.Dashboard.Telemetry.Logs;

/// <summary>The newest log records, in the order in which they came in. Whoever follows remembers the last id that he saw.</summary>
/// <param name="limits">How many are kept.</param>
internal sealed class LogStore(TelemetryLimits limits)
{
    private readonly Lock _lock = new();
    private readonly Ring<LogItem> _items = new(limits.Logs);
    private readonly Dictionary<UInt128, int> _bySpan = [];
    private long _lastId;
    private long _bytes;
    private long _evicted;
    private int _clears;

    public int Count => _items.Count;

    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Whether older ones had to make room.</summary>
    public bool IsOver => Volatile.Read(ref _evicted) > 0;

    /// <summary>The id of the newest.</summary>
    public long LastId => Volatile.Read(ref _lastId);

    /// <summary>How often records were cleared.</summary>
    public int Clears => Volatile.Read(ref _clears);

    public void Add(List<LogItem> items)
    {
        lock (_lock)
        {
            foreach (var item in items)
            {
                item.Id = ++_lastId;
                while (_items.Count > 0 && (_items.Count >= limits.Logs || _bytes + item.Size > limits.LogBytes))
                {
                    Forget(_items.RemoveFirst());
                    _evicted++;
                }

                _items.Add(item);
                _bytes += item.Size;
                if (item.SpanId != 0) CollectionsMarshal.GetValueRefOrAddDefault(_bySpan, Key(item.TraceId, item.SpanId), out _)++;
            }
        }
    }

    /// <summary>All records, the oldest first.</summary>
    public LogItem[] All()
    {
        lock (_lock) return _items.ToArray();
    }

    /// <summary>The records after an id.</summary>
    /// <param name="id">The last that is known.</param>
    /// <param name="lost">How many there were that are gone again already.</param>
    public LogItem[] After(long id, out long lost)
    {
        lock (_lock)
        {
            var all = _items.Count == 0 ? [] : _items.ToArray();
            var at = Array.FindIndex(all, item => item.Id > id);
            lost = at < 0 ? 0 : Math.Max(0, all[at].Id - id - 1);
            return at < 0 ? [] : all[at..];
        }
    }

    /// <summary>How many records were written in a span.</summary>
    public int CountOf(UInt128 trace, ulong span)
    {
        lock (_lock) return _bySpan.GetValueOrDefault(Key(trace, span));
    }

    public void Clear(string? resource)
    {
        lock (_lock)
        {
            var kept = resource is null ? [] : _items.ToArray().Where(item => !item.Resource.Is(resource)).ToList();
            while (_items.Count > 0) Forget(_items.RemoveFirst());
            foreach (var item in kept)
            {
                _items.Add(item);
                _bytes += item.Size;
                if (item.SpanId != 0) CollectionsMarshal.GetValueRefOrAddDefault(_bySpan, Key(item.TraceId, item.SpanId), out _)++;
            }

            _evicted = 0;
            _clears++;
        }
    }

    // Random ids: no two spans share one in practice.
    private static UInt128 Key(UInt128 trace, ulong span) => trace ^ span;

    private void Forget(LogItem item)
    {
        _bytes -= item.Size;
        if (item.SpanId == 0) return;
        var key = Key(item.TraceId, item.SpanId);
        ref var count = ref CollectionsMarshal.GetValueRefOrNullRef(_bySpan, key);
        if (--count == 0) _bySpan.Remove(key);
    }
}
