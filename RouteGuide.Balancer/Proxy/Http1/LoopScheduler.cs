using System.IO.Pipelines;
using RouteGuide.Http2.Transport;

namespace RouteGuide.Balancer.Proxy.Http1;

/// <summary>Has whoever waits for a pipe go on on an event loop.</summary>
internal sealed class LoopScheduler(EventLoop loop) : PipeScheduler
{
    public override void Schedule(Action<object?> action, object? state) => loop.Post(() => action(state));
}
