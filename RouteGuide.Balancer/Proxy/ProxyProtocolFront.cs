using RouteGuide.Balancer.Transport.ProxyProtocol;
using RouteGuide.Http2.Transport;

namespace RouteGuide.Balancer.Proxy;

/// <summary>The beginning of a connection that a proxy passes on: its header is taken off, and from then on the client is who it says.</summary>
internal sealed class ProxyProtocolFront : IChannelHandler
{
    private readonly SocketChannel _channel;
    private readonly Func<IChannelHandler?> _next;
    private readonly Action<string> _onRefused;
    private readonly ProxyHeaderReader _header = new();
    private readonly LoopTimer _timeout;

    /// <param name="channel">Its octets.</param>
    /// <param name="timeout">For the whole header.</param>
    /// <param name="next">Starts who gets the octets after it; null if the connection has ended.</param>
    /// <param name="onRefused">Called instead, with the reason for people, when it is over before.</param>
    public ProxyProtocolFront(SocketChannel channel, TimeSpan timeout, Func<IChannelHandler?> next, Action<string> onRefused)
    {
        _channel = channel;
        _next = next;
        _onRefused = onRefused;
        _timeout = new LoopTimer(() => Refuse($"no PROXY header within {timeout.TotalSeconds} s"));
        channel.Loop.Timers.Set(_timeout, channel.Loop.NowMs + (long)timeout.TotalMilliseconds);
        channel.Start(this);
    }

    public void OnReceived(ReadOnlySpan<byte> octets)
    {
        var status = _header.Read(octets, out var used);
        if (status == ProxyHeaderStatus.Incomplete) return;
        if (status == ProxyHeaderStatus.Malformed)
        {
            Refuse($"its PROXY header is malformed: {_header.Fault}");
            return;
        }

        _channel.Loop.Timers.Clear(_timeout);
        if (_header is { Source: { } source, Destination: { } destination }) _channel.Assume(source, destination);
        var rest = octets.Length - used;
        // TLS takes what a socket gave from the beginning of the loop's buffer. The header is not needed any more.
        var buffer = _channel.Loop.ReadBuffer;
        octets[used..].CopyTo(buffer);
        if (_next() is { } next && rest > 0) next.OnReceived(buffer.AsSpan(0, rest));
    }

    public void OnSent()
    {
    }

    public void OnEnded(string? reason)
    {
        _channel.Loop.Timers.Clear(_timeout);
        _onRefused("it ended before its PROXY header");
    }

    private void Refuse(string reason)
    {
        _channel.Loop.Timers.Clear(_timeout);
        _channel.Abort();
        _onRefused(reason);
    }
}
