using RouteGuide.Balancer.Transport;

namespace RouteGuide.Balancer.Proxy;

/// <summary>
/// The first octets of a plaintext connection: those of HTTP/2 begin with a preface, whose first two no other method has. Whoever
/// speaks something else is told so in words instead of frames that he cannot read.
/// </summary>
internal sealed class PrefaceSniffer : IChannelHandler
{
    private readonly IChannel _channel;
    private readonly Func<bool, IChannelHandler> _choose;
    private readonly Action _onOver;
    private readonly LoopTimer _timeout;
    private bool _seenFirst;

    /// <param name="channel">Its octets.</param>
    /// <param name="timeoutMs">Milliseconds for the first two.</param>
    /// <param name="choose">Starts the handler for HTTP/2 (true) or for anything else (false).</param>
    /// <param name="onOver">Called if the connection ends before.</param>
    public PrefaceSniffer(IChannel channel, int timeoutMs, Func<bool, IChannelHandler> choose, Action onOver)
    {
        _channel = channel;
        _choose = choose;
        _onOver = onOver;
        _timeout = new LoopTimer(() =>
        {
            channel.Abort();
            onOver();
        });
        channel.Loop.Timers.Set(_timeout, channel.Loop.NowMs + timeoutMs);
        channel.Start(this);
    }

    public void OnReceived(ReadOnlySpan<byte> octets)
    {
        if (!_seenFirst && octets[0] == (byte)'P')
        {
            if (octets.Length == 1)
            {
                _seenFirst = true;
                return;
            }

            Choose(octets[1] == (byte)'R', octets, withFirst: false);
            return;
        }

        Choose(_seenFirst && octets[0] == (byte)'R', octets, withFirst: _seenFirst);
    }

    public void OnSent()
    {
    }

    public void OnEnded(string? reason)
    {
        _channel.Loop.Timers.Clear(_timeout);
        _onOver();
    }

    private void Choose(bool isHttp2, ReadOnlySpan<byte> octets, bool withFirst)
    {
        _channel.Loop.Timers.Clear(_timeout);
        var chosen = _choose(isHttp2);
        if (withFirst) chosen.OnReceived("P"u8);
        chosen.OnReceived(octets);
    }
}
