using System.Runtime.CompilerServices;

namespace RouteGuide.Balancer.Proxy;

/// <summary>The octets of a <c>traceparent</c>, inside the object that has it.</summary>
[InlineArray(TraceContext.Length)]
internal struct TraceParent
{
    private byte _first;
}
