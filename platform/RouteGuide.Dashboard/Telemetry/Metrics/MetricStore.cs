using RouteGuide.Dashboard.Settings;

namespace RouteGuide.Dashboard.Telemetry.Metrics;

/// <summary>What is measured, and by whom.</summary>
internal sealed class Instrument(string meter, string? meterVersion, string name, string description, string unit, MetricKind kind)
{
    public string Meter => meter;

    public string? MeterVersion => meterVersion;

    public string Name => name;

    public string Description => description;

    public string Unit => unit;

    public MetricKind Kind => kind;

    /// <summary>By their attributes, as one text.</summary>
    public Dictionary<string, MetricSeries> Series { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether series were left out.</summary>
    public bool IsOver { get; set; }
}

/// <summary>All measurements of one resource. It belongs to the store and is used under its lock.</summary>
internal sealed class ResourceMetricsItem(TelemetryResource resource, ulong since, int maxPoints)
{
    // One entry for each point, in the order in which they came: the first belongs to the oldest.
    private readonly Ring<MetricSeries> _order = new(maxPoints);

    public TelemetryResource Resource => resource;

    /// <summary>Sums that began before this, in nanoseconds since 1970, hold what nobody here has seen happen.</summary>
    public ulong Since => since;

    /// <summary>How many reports there were.</summary>
    public long Reports { get; set; }

    public long Version { get; set; }

    public long TreeVersion { get; set; }

    public int Points => _order.Count;

    public Dictionary<(string Meter, string Name), Instrument> Instruments { get; } = [];

    public void Note(MetricSeries series) => _order.Add(series);

    public MetricPoint RemoveOldest() => _order.RemoveFirst().RemoveFirst();
}

/// <summary>The newest measurements of each resource.</summary>
/// <param name="limits">How many.</param>
/// <param name="time">The clock.</param>
internal sealed class MetricStore(TelemetryLimits limits, TimeProvider time)
{
    private const int MaxInstruments = 2_000;
    private const int MaxSeries = 1_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, ResourceMetricsItem> _resources = new(StringComparer.OrdinalIgnoreCase);
    private readonly ulong _started = Nanoseconds(time.GetUtcNow());
    private readonly Dictionary<string, ulong> _clearedAt = new(StringComparer.OrdinalIgnoreCase);
    private long _version;
    private long _bytes;
    private bool _evicted;

    /// <summary>Whether older ones had to make room, or some were left out.</summary>
    public bool IsOver => Volatile.Read(ref _evicted);

    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Points that are kept of a resource, or of all.</summary>
    public int PointsOf(string? resource)
    {
        lock (_lock) return _resources.Values.Where(item => item.Resource.Is(resource)).Sum(item => item.Points);
    }

    /// <summary>Grows with each change of what is kept of a resource: of its values, and of its instruments.</summary>
    public (long Values, long Tree) VersionOf(string resource)
    {
        lock (_lock)
        {
            var items = _resources.Values.Where(item => item.Resource.Is(resource)).ToArray();
            return items.Length == 0 ? (0, 0) : (items.Max(item => item.Version), items.Sum(item => item.TreeVersion));
        }
    }

    /// <summary>Takes in the reports of a resource.</summary>
    public void Write(TelemetryResource resource, Action<ResourceMetricsItem> write)
    {
        lock (_lock)
        {
            if (!_resources.TryGetValue(resource.Instance, out var item)) _resources[resource.Instance] = item = new ResourceMetricsItem(resource, Math.Max(_started, _clearedAt.GetValueOrDefault(resource.Instance)), limits.MetricPoints);
            write(item);
            item.Reports++;
            item.Version = ++_version;
        }
    }

    /// <summary>Looks at the measurements of a resource, or of all instances of one name.</summary>
    public T Read<T>(string resource, Func<IReadOnlyList<ResourceMetricsItem>, T> read)
    {
        lock (_lock) return read([.. _resources.Values.Where(item => item.Resource.Is(resource))]);
    }

    /// <summary>The instrument of a report; null if there are too many. Within <see cref="Write"/>.</summary>
    public Instrument? InstrumentOf(ResourceMetricsItem item, (string Meter, string Name) key, Func<Instrument> create)
    {
        if (item.Instruments.TryGetValue(key, out var instrument)) return instrument;
        if (item.Instruments.Count >= MaxInstruments)
        {
            _evicted = true;
            return null;
        }

        item.TreeVersion++;
        return item.Instruments[key] = create();
    }

    /// <summary>The series of a report; null if there are too many. Within <see cref="Write"/>.</summary>
    public MetricSeries? SeriesOf(Instrument instrument, Attribute[] attributes)
    {
        Array.Sort(attributes, (left, right) => string.CompareOrdinal(left.Key, right.Key));
        var key = string.Join('\u001f', attributes.Select(attribute => $"{attribute.Key}\u001e{attribute.Value}"));
        if (instrument.Series.TryGetValue(key, out var series)) return series;
        var size = 256 + (2L * key.Length) + AttributeReader.SizeOf(attributes);
        if (instrument.Series.Count >= MaxSeries || _bytes + size > limits.MetricBytes)
        {
            instrument.IsOver = true;
            _evicted = true;
            return null;
        }

        _bytes += size;
        return instrument.Series[key] = new MetricSeries(attributes);
    }

    /// <summary>Adds a point, and takes away the oldest where there are too many. Within <see cref="Write"/>.</summary>
    public void Add(ResourceMetricsItem item, MetricSeries series, MetricPoint point, bool isLevel)
    {
        while (item.Points > 0 && item.Points >= limits.MetricPoints) Evict(item);
        if (!series.TryAdd(point, isLevel)) return;
        item.Note(series);
        _bytes += point.Size;
        while (_bytes > limits.MetricBytes && _resources.Values.MaxBy(candidate => candidate.Points) is { Points: > 1 } largest) Evict(largest);
    }

    public void Clear(string? resource)
    {
        lock (_lock)
        {
            foreach (var item in _resources.Values.Where(item => item.Resource.Is(resource)).ToArray())
            {
                _resources.Remove(item.Resource.Instance);
                _clearedAt[item.Resource.Instance] = Nanoseconds(time.GetUtcNow());
            }

            _bytes = _resources.Values.SelectMany(item => item.Instruments.Values).SelectMany(instrument => instrument.Series).Sum(series => 256 + (2L * series.Key.Length) + AttributeReader.SizeOf(series.Value.Attributes) + series.Value.Points.Sum(point => (long)point.Size));
            _evicted = false;
            _version++;
        }
    }

    private static ulong Nanoseconds(DateTimeOffset time) => (ulong)time.ToUnixTimeMilliseconds() * 1_000_000;

    private void Evict(ResourceMetricsItem item)
    {
        _bytes -= item.RemoveOldest().Size;
        _evicted = true;
    }
}
