using RouteGuide.Balancer.Http2.Hpack;

namespace RouteGuide.Balancer.Proxy;

/// <summary>A request that one client keeps sending, worked out once: it hangs on the frozen list that its header block is decoded to.</summary>
/// <param name="Headers">As they go to a target, frozen too, but for a <c>traceparent</c> that each call gets.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Timeout">Of its <c>grpc-timeout</c>; null if it has none.</param>
/// <param name="NeedsTrace">The client sent no <c>traceparent</c>.</param>
internal sealed record RequestTemplate(HeaderList Headers, RequestKind Kind, TimeSpan? Timeout, bool NeedsTrace);
