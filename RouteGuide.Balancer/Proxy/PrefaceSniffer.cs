using RouteGuide.Http2.Transport;

namespace RouteGuide.Balancer.Proxy;

/// <summary>
/// The first octets of a plaintext connection. Those of HTTP/2 begin with a preface whose first word is no method (RFC 9113 section 3.4);
/// anything else is taken for HTTP/1.
/// </summary>
internal sealed class PrefaceSniffer : IChannelHandler
{
    private readonly IChannel _channel;
    private readonly Func<bool, IChannelHandler> _choose;
    private readonly Action _onOver;
    private readonly LoopTimer _timeout;
    private int _seen; // octets of the word that have come, and been right

    /// <param name="channel">Its octets.</param>
    /// <param name="timeoutMs">Milliseconds for the first word.</param>
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

    // With its space: PROPFIND begins alike.
    private static ReadOnlySpan<byte> Word => "PRI "u8;

    public void OnReceived(ReadOnlySpan<byte> octets)
    {
        var count = Math.Min(octets.Length, Word.Length - _seen);
        var isRight = octets[..count].SequenceEqual(Word.Slice(_seen, count));
        if (isRight && _seen + count < Word.Length)
        {
            _seen += count;
            return;
        }

        _channel.Loop.Timers.Clear(_timeout);
        var chosen = _choose(isRight);
        if (_seen > 0) chosen.OnReceived(Word[.._seen]);
        chosen.OnReceived(octets);
    }

    public void OnSent()
    {
    }

    public void OnEnded(string? reason)
    {
        _channel.Loop.Timers.Clear(_timeout);
        _onOver();
    }
}
