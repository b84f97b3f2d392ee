using RouteGuide.Http2.Hpack;

namespace RouteGuide.Balancer.Proxy;

/// <summary>
/// Which calls get a span. Where the client has a valid <c>traceparent</c>, its sampled flag decides, so that a trace is whole or not there;
/// all others are drawn by lot. Nothing is asked while nobody records spans.
/// </summary>
internal sealed class TraceSampling
{
    private double _ratio = 1;

    /// <summary>Other settings count from the next call on.</summary>
    public void Apply(TracingSettings settings) => Volatile.Write(ref _ratio, settings.SampleRatio);

    public bool Samples(HeaderList request, Random random) =>
        TraceContext.IsRecorded && Samples(request.IndexOf(KnownHeader.TraceParent) is >= 0 and var index ? request.Value(index) : default, random);

    /// <param name="traceParent">As it came; empty if it did not.</param>
    /// <param name="random">For the lot.</param>
    public bool Samples(ReadOnlySpan<byte> traceParent, Random random)
    {
        if (!TraceContext.IsRecorded) return false;
        if (TraceContext.IsValid(traceParent)) return TraceContext.IsSampled(traceParent);
        var ratio = Volatile.Read(ref _ratio);
        return ratio >= 1 || random.NextDouble() < ratio;
    }
}
