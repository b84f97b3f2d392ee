using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;

namespace RouteGuide.Balancer.Proxy.Http1;

/// <summary>What Kestrel takes for a listener: connections that the event loops have accepted, and found to be of HTTP/1.</summary>
internal sealed class LoopListener : IConnectionListenerFactory, IConnectionListener
{
    // Its length is bounded by the number of connections that the balancer takes.
    private readonly Channel<ConnectionContext> _accepted = Channel.CreateUnbounded<ConnectionContext>(new UnboundedChannelOptions { SingleReader = true });

    public EndPoint EndPoint { get; private set; } = new IPEndPoint(IPAddress.None, 0);

    /// <summary>False if no connections are taken any more.</summary>
    public bool Offer(LoopConnection connection) => _accepted.Writer.TryWrite(connection);

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        EndPoint = endpoint;
        return new ValueTask<IConnectionListener>(this);
    }

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
        await _accepted.Reader.WaitToReadAsync(cancellationToken) && _accepted.Reader.TryRead(out var connection) ? connection : null;

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _accepted.Writer.TryComplete();
        return default;
    }

    public ValueTask DisposeAsync() => UnbindAsync();
}
