namespace RouteGuide.Dashboard.Telemetry.Traces;

/// <summary>The spans of one trace, as far as they have come. It belongs to the store and is read under its lock.</summary>
/// <param name="id">Its id.</param>
/// <param name="sequence">Grows with each new trace.</param>
internal sealed class TraceItem(UInt128 id, long sequence)
{
    private const int FewSpans = 16;

    private readonly List<SpanItem> _spans = [];
    private HashSet<ulong>? _ids;

    public UInt128 Id => id;

    public long Sequence => sequence;

    public IReadOnlyList<SpanItem> Spans => _spans;

    /// <summary>The number of the store's last change to it.</summary>
    public long Version { get; set; }

    /// <summary>Whether spans were left out.</summary>
    public bool IsTruncated { get; set; }

    public long Bytes { get; private set; }

    public ulong Start { get; private set; } = ulong.MaxValue;

    public ulong End { get; private set; }

    public int Errors { get; private set; }

    /// <summary>Adds a span unless it is there already: exporters send again what they do not know to have arrived.</summary>
    public bool TryAdd(SpanItem span)
    {
        if (Contains(span.Id)) return false;
        if (_spans.Count == FewSpans) _ids = [.. _spans.Select(known => known.Id)];
        _ids?.Add(span.Id);
        _spans.Add(span);
        Bytes += span.Size();
        Start = Math.Min(Start, span.Start);
        End = Math.Max(End, span.End);
        if (span.IsError) Errors++;
        return true;
    }

    private bool Contains(ulong span)
    {
        if (_ids is not null) return _ids.Contains(span);
        foreach (var known in _spans)
        {
            if (known.Id == span) return true;
        }

        return false;
    }
}
