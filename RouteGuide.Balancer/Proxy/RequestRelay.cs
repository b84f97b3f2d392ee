using System.Diagnostics;
using RouteGuide.Http2;
using RouteGuide.Http2.Hpack;
using RouteGuide.Http2.Transport;

namespace RouteGuide.Balancer.Proxy;

/// <summary>
/// The request of an exchange: what goes to a target, what is kept for another one, and how much credit the client has earned. What is
/// kept before a target takes it is bounded by the client's window, afterwards by <see cref="ProxyLimits.ReplayLimit"/>.
/// </summary>
internal sealed class RequestRelay(ProxyLoop loop, Attempts attempts)
{
    private readonly ByteBuffer _kept = new(retain: 256);
    private RequestTemplate? _template;
    private TraceParent _trace;
    private bool _hasTrace;
    private HeaderList? _trailers;
    private int _counted; // octets of _kept that the ledger knows of
    private bool _ended;
    private bool _committed;
    private long _credited; // octets that the client got credit for

    /// <summary>As it goes to a target. Null before and after.</summary>
    public HeaderList Headers { get; private set; } = null!;

    /// <summary>Octets that it holds.</summary>
    public long HeldOctets => (Headers?.Capacity ?? 0) + (_trailers?.Capacity ?? 0) + _kept.Capacity;

    /// <summary>The whole request so far can go to another target.</summary>
    public bool IsReplayable => !_committed;

    /// <summary>It ended with its headers.</summary>
    public bool IsBodyless => _ended && _kept.Length == 0 && _trailers is null && !_committed;

    /// <summary>A request has begun.</summary>
    /// <param name="received">Its headers.</param>
    /// <param name="origin">Where it came from.</param>
    /// <param name="span">Its trace's.</param>
    /// <param name="timeout">For its <c>grpc-timeout</c>; null leaves the client's.</param>
    /// <param name="endStream">It ends with that.</param>
    public void Begin(HeaderList received, ClientOrigin origin, Activity? span, TimeSpan? timeout, bool endStream)
    {
        Headers = loop.Resources.RentList();
        RequestFields.Forward(received, Headers, origin, timeout);
        TraceContext.Add(received, Headers, span, loop.Random);
        _ended = endStream;
    }

    /// <summary>As above, of a request that was worked out before.</summary>
    public void Begin(RequestTemplate template, bool endStream)
    {
        _template = template;
        Headers = template.Headers;
        _hasTrace = template.NeedsTrace;
        if (_hasTrace) TraceContext.Make(_trace, loop.Random);
        _ended = endStream;
    }

    /// <summary>The field that goes behind <see cref="Headers"/>, if they are of a template.</summary>
    public ExtraField TraceParent => _hasTrace ? new ExtraField(TraceContext.Name.Name, _trace) : default;

    /// <summary>The headers for a target; good until the loop's scratch list is used again.</summary>
    /// <param name="isTls">The target is reached over TLS.</param>
    public HeaderList HeadersFor(bool isTls)
    {
        if (!isTls) return Headers;
        if (_template is not null) return _template.HeadersAsHttps(loop.Resources);
        var list = loop.Resources.Outgoing;
        list.Clear();
        RequestFields.CopyAsHttps(Headers, list);
        return list;
    }

    /// <summary>The headers of a further attempt; good until the loop's scratch list is used again.</summary>
    /// <param name="isTls">The target is reached over TLS.</param>
    /// <param name="elapsed">Since the request came.</param>
    /// <param name="previous">Attempts that a target may have seen before this one.</param>
    public HeaderList HeadersForFurther(bool isTls, TimeSpan elapsed, int previous)
    {
        var at = Headers.IndexOf(KnownHeader.GrpcTimeout);
        TimeSpan? left = at >= 0 && GrpcProtocol.TryParseTimeout(Headers.Value(at), out var whole) ? whole - elapsed : null;
        if (left is null && previous == 0) return HeadersFor(isTls);
        var list = loop.Resources.Outgoing;
        list.Clear();
        RequestFields.CopyForFurther(Headers, list, left, previous, asHttps: isTls);
        return list;
    }

    /// <summary>Octets from the client: on to the targets that work on it, and kept as long as another may need them.</summary>
    public void Add(ReadOnlySpan<byte> data, bool endStream)
    {
        _ended |= endStream;
        if (!_committed)
        {
            // When memory is short, what a target has taken is not kept for another.
            if ((_kept.Length + data.Length > loop.Shared.Options.Limits.ReplayLimit || loop.Resources.Memory.IsTight) && attempts.HasStream) CommitToOne();
            else Keep(data);
        }

        attempts.Send(data, endStream);
    }

    public void AddTrailers(HeaderList trailers)
    {
        _ended = true;
        _trailers = loop.Resources.RentList();
        RequestFields.CopyTrailers(trailers, _trailers);
        attempts.SendTrailers(_trailers);
    }

    /// <summary>Sends what was kept, behind the headers of an attempt.</summary>
    public void SendKept(Attempt attempt)
    {
        if (_kept.Length > 0) attempt.Send(_kept.Memory.Span, _ended && _trailers is null);
        if (_trailers is not null && attempt.Stream is { } stream) attempt.Connection.Connection.SendTrailers(stream, _trailers);
        if (_kept.Length > loop.Shared.Options.Limits.ReplayLimit) CommitToOne();
    }

    /// <summary>Keeps nothing any more: the call belongs to its target.</summary>
    public void Commit()
    {
        _committed = true;
        Release();
    }

    /// <summary>Octets that the client is due credit for; what is sent again earns nothing twice.</summary>
    /// <param name="sent">Octets that a target has taken.</param>
    public int TakeCredit(long sent)
    {
        var due = sent - _credited;
        if (due <= 0) return 0;
        _credited = sent;
        return (int)due;
    }

    public void Clear()
    {
        loop.Resources.Return(Headers);
        Headers = null!;
        _template = null;
        if (_trailers is not null) loop.Resources.Return(_trailers);
        _trailers = null;
        Release();
        _ended = _committed = _hasTrace = false;
        _credited = 0;
    }

    private void CommitToOne()
    {
        attempts.KeepFurthest();
        Commit();
    }

    private void Keep(ReadOnlySpan<byte> data)
    {
        _kept.Append(data);
        Count();
    }

    private void Release()
    {
        _kept.Release();
        Count();
    }

    private void Count()
    {
        loop.Resources.Memory.Add(_kept.Capacity - _counted);
        _counted = _kept.Capacity;
    }
}
