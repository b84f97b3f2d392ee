using System.Net;
using RouteGuide.Http2;
using RouteGuide.Http2.Transport;

namespace RouteGuide.Tests.Balancer.Fuzz;

/// <summary>A connection of the balancer's whose other end is a script. What the balancer sends is judged as it comes.</summary>
/// <param name="loop">Whose it is.</param>
/// <param name="role">The balancer's.</param>
/// <param name="mostAtOnce">Octets that one write may have.</param>
internal sealed class ScriptedChannel(EventLoop loop, Http2Role role, int mostAtOnce) : IChannel
{
    private IChannelHandler? _handler;
    private byte[]? _sending; // a copy, to see that the memory is left alone meanwhile
    private ReadOnlyMemory<byte> _given;
    private bool _silent; // the handler hears nothing more

    public EventLoop Loop => loop;

    public IPEndPoint Remote { get; } = new(IPAddress.Parse("192.0.2.1"), 40_000);

    public IPEndPoint Local { get; } = new(IPAddress.Loopback, 443);

    public OutputJudge Judge { get; } = new(role);

    /// <summary>The next write is not taken at once.</summary>
    public bool IsSlow { get; set; }

    public bool IsPaused { get; private set; }

    public bool IsSending => _sending is not null;

    public bool HasPeerClosed { get; set; }

    /// <summary>The balancer has ended it, or it was ended.</summary>
    public bool IsOver { get; private set; }

    public void Start(IChannelHandler handler) => _handler = handler;

    public bool TrySend(ReadOnlyMemory<byte> octets)
    {
        Assert.False(IsSending, "a write before the last one has left");
        Assert.False(_silent, "a write after the end");
        Assert.InRange(octets.Length, 1, mostAtOnce);
        Judge.OnOutput(octets.Span);
        if (!IsSlow) return true;
        (_given, _sending) = (octets, octets.ToArray());
        return false;
    }

    public void PauseReading() => IsPaused = true;

    public void ResumeReading() => IsPaused = false;

    public void Close() => Abort();

    public void Abort() => IsOver = _silent = true;

    /// <summary>Octets come from the other end.</summary>
    public void Deliver(ReadOnlySpan<byte> octets)
    {
        if (_silent) return;
        Judge.OnInput(octets);
        _handler!.OnReceived(octets);
    }

    /// <summary>What a slow write had has left.</summary>
    public void FinishSending()
    {
        if (_sending is not { } sending) return;
        if (!_silent) Assert.True(_given.Span.SequenceEqual(sending), "the memory of a write was changed before it had left");
        _sending = null;
        _given = default;
        if (!_silent) _handler!.OnSent();
    }

    /// <summary>The other end is gone.</summary>
    public void End(string? reason)
    {
        IsOver = true;
        if (_silent) return;
        _silent = true;
        _handler!.OnEnded(reason);
    }
}
