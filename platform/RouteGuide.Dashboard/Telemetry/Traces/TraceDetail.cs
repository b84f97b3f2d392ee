using RouteGuide.Dashboard.Resources;
using RouteGuide.Dashboard.Telemetry.Logs;
using RouteGuide.Dashboard.Web;

namespace RouteGuide.Dashboard.Telemetry.Traces;

internal sealed record TraceResource(string Name, int Color);

internal sealed record SpanEventView(string Name, double OffsetNs, string Time, Attribute[] Attributes);

internal sealed record SpanLinkView(string TraceId, string SpanId, string? Resource, string? Name, Attribute[] Attributes);

internal sealed record SpanView(
    string Id, string? ParentId, int Depth, string Name, string Resource, int Color, string Kind, double StartOffsetNs, double DurationNs, string Start, string Status, string? StatusMessage, string? Peer,
    string Scope, string? ScopeVersion, Attribute[] Attributes, Attribute[] ResourceAttributes, IReadOnlyList<SpanEventView> Events, IReadOnlyList<SpanLinkView> Links, IReadOnlyList<SpanLinkView> Backlinks, int Logs);

internal sealed record TraceView(
    string Id, string Start, double DurationNs, int SpanCount, int Depth, bool HasError, bool Truncated, long Version, IReadOnlyList<TraceResource> Resources, IReadOnlyList<SpanView> Spans);

/// <summary>One trace as a waterfall.</summary>
/// <param name="traces">The traces.</param>
/// <param name="logs">The log records, of which each span knows how many are its own.</param>
/// <param name="book">The resources, whose urls tell who was called.</param>
internal sealed class TraceDetail(TraceStore traces, LogStore logs, ResourceBook book)
{
    public TraceView? Of(UInt128 id)
    {
        if (traces.Find(id) is not { Spans.Length: > 0 } trace) return null;
        var start = trace.Spans.Min(span => span.Start);
        var ordered = Order(trace.Spans);
        var callers = ordered.Select(entry => entry.Span.ParentId).ToHashSet();
        var backlinks = traces.LinksTo(id).ToLookup(found => found.Link.SpanId);
        var known = new Dictionary<UInt128, TraceSnapshot?> { [id] = trace };
        SpanView[] spans =
        [
            .. ordered.Select(entry => new SpanView(
                Ids.Text(entry.Span.Id), Ids.TextOrNull(entry.Span.ParentId), entry.Depth, entry.Span.Name, entry.Span.Resource.Instance, entry.Span.Resource.Color, entry.Span.KindName,
                entry.Span.Start - start, entry.Span.End - entry.Span.Start, Iso.Nano(entry.Span.Start), entry.Span.Status.ToString(), entry.Span.StatusMessage,
                // Who was called is told by his own span, where he sends any.
                entry.Span.IsCaller && !callers.Contains(entry.Span.Id) ? PeerOf(entry.Span) : null,
                entry.Span.Scope.Name, entry.Span.Scope.Version, entry.Span.Attributes, entry.Span.Resource.Attributes,
                [.. entry.Span.Events.Select(happened => new SpanEventView(happened.Name, (double)happened.Time - start, Iso.Nano(happened.Time), happened.Attributes))],
                [.. entry.Span.Links.Select(link => LinkTo(link, known))],
                [.. backlinks[entry.Span.Id].Select(found => new SpanLinkView(Ids.Text(found.From.TraceId), Ids.Text(found.From.Id), found.From.Resource.Instance, found.From.Name, found.Link.Attributes))],
                logs.CountOf(entry.Span.TraceId, entry.Span.Id))),
        ];
        return new TraceView(
            Ids.Text(id), Iso.Nano(start), trace.Spans.Max(span => span.End) - start, spans.Length, ordered.Max(entry => entry.Depth) + 1, trace.Spans.Any(span => span.IsError), trace.IsTruncated, trace.Version,
            [.. trace.Spans.GroupBy(span => span.Resource).OrderBy(group => group.Min(span => span.Start)).Select(group => new TraceResource(group.Key.Instance, group.Key.Color))], spans);
    }

    /// <summary>Spans as they stand in a waterfall: each parent before its children, siblings by their start. Parents that are missing, or go in circles, make roots.</summary>
    public static List<(SpanItem Span, int Depth)> Order(IReadOnlyList<SpanItem> spans)
    {
        var present = spans.Select(span => span.Id).ToHashSet();
        var children = spans.Where(span => present.Contains(span.ParentId) && span.ParentId != span.Id).OrderBy(span => span.Start).ToLookup(span => span.ParentId);
        var ordered = new List<(SpanItem, int)>(spans.Count);
        var done = new HashSet<ulong>(spans.Count);
        var pending = new Stack<(SpanItem Span, int Depth)>();
        var roots = spans.Where(span => !present.Contains(span.ParentId) || span.ParentId == span.Id).OrderBy(span => span.Start);
        // What no root leads to goes in a circle; its first span begins it.
        foreach (var root in roots.Concat(spans.OrderBy(span => span.Start)))
        {
            pending.Push((root, 0));
            while (pending.TryPop(out var entry))
            {
                if (!done.Add(entry.Span.Id)) continue;
                ordered.Add(entry);
                foreach (var child in children[entry.Span.Id].Reverse()) pending.Push((child, entry.Depth + 1));
            }
        }

        return ordered;
    }

    private SpanLinkView LinkTo(SpanLinkItem link, Dictionary<UInt128, TraceSnapshot?> known)
    {
        if (!known.TryGetValue(link.TraceId, out var trace)) known[link.TraceId] = trace = traces.Find(link.TraceId);
        var span = Array.Find(trace?.Spans ?? [], candidate => candidate.Id == link.SpanId);
        return new SpanLinkView(Ids.Text(link.TraceId), Ids.Text(link.SpanId), span?.Resource.Instance, span?.Name, link.Attributes);
    }

    private string? PeerOf(SpanItem span)
    {
        if (span.Attribute("peer.service") is { Length: > 0 } peer) return peer;
        var address = span.Attribute("server.address") ?? span.Attribute("net.peer.name") ?? span.Attribute("network.peer.address");
        if (string.IsNullOrEmpty(address)) return null;
        var port = span.Attribute("server.port") ?? span.Attribute("net.peer.port") ?? span.Attribute("network.peer.port");
        var resource = port is null ? null : book.Current.Resources.Values.FirstOrDefault(candidate => candidate.Urls.Any(url => Uri.TryCreate(url.Url, UriKind.Absolute, out var uri) && uri.Port.ToString() == port && (uri.IsLoopback || uri.Host.Equals(address, StringComparison.OrdinalIgnoreCase))));
        return resource?.DisplayName ?? (port is null ? address : $"{address}:{port}");
    }
}
