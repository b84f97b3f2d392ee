using RouteGuide.Balancer.Balancing;
using RouteGuide.Balancer.Proxy.Calls;
using RouteGuide.Http2;
using RouteGuide.Http2.Hpack;

namespace RouteGuide.Balancer.Proxy;

/// <summary>A request that one client keeps sending, worked out once: it hangs on the frozen list that its header block is decoded to.</summary>
/// <param name="Headers">As they go to a target, frozen too, but for a <c>traceparent</c> that each call gets.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Routes">By which <paramref name="Rule"/> was chosen.</param>
/// <param name="Rule">That it goes by: to a target of HTTP/2, whichever of its groups is drawn.</param>
/// <param name="Deadline">Of its <c>grpc-timeout</c> and its rule.</param>
/// <param name="RateKey">Whose calls it counts with, if its rule has a rate limit.</param>
/// <param name="NeedsTrace">The client sent no <c>traceparent</c>.</param>
internal sealed record RequestTemplate(HeaderList Headers, RequestKind Kind, ProxyRoutes Routes, ProxyRule Rule, CallDeadline Deadline, ulong RateKey, bool NeedsTrace)
{
    private HeaderList? _asHttps;
    private HashKey? _keyedBy;
    private PickInput _input;

    /// <summary>The request's key, worked out once.</summary>
    public PickInput InputBy(HashKey key, ClientOrigin origin)
    {
        if (_keyedBy == key) return _input;
        (_keyedBy, _input) = (key, key.Of(Headers, origin));
        return _input;
    }

    /// <summary>The headers for a target that is reached over TLS.</summary>
    public HeaderList HeadersAsHttps(Http2Resources resources)
    {
        if (_asHttps is not null) return _asHttps;
        var list = resources.Outgoing;
        list.Clear();
        RequestFields.CopyAsHttps(Headers, list);
        return _asHttps = resources.Freeze(list);
    }

    /// <param name="received">The client's, frozen; it was found acceptable.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="routes">In force.</param>
    /// <param name="rule">What they chose.</param>
    /// <param name="origin">Where the client came from.</param>
    /// <param name="resources">Of the loop.</param>
    public static RequestTemplate Make(HeaderList received, in RequestKind kind, ProxyRoutes routes, ProxyRule rule, ClientOrigin origin, Http2Resources resources)
    {
        var list = resources.Outgoing;
        list.Clear();
        var deadline = CallDeadline.Of(received, rule.Calls);
        RequestFields.Forward(received, list, origin, deadline.ForTarget(kind.IsGrpc));
        var needsTrace = !TraceContext.TryKeep(received, list);
        return new RequestTemplate(resources.Freeze(list), kind, routes, rule, deadline, rule.Calls?.Limiter?.KeyOf(received, origin.Remote.Address) ?? 0, needsTrace);
    }
}
