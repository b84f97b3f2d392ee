using System.Diagnostics;
using RouteGuide.Http2.Transport;

namespace RouteGuide.Balancer.Proxy.Tcp;

/// <summary>
/// One of the two connections of a <see cref="TcpSession"/>. What comes is offered to the other one from the buffer that it was read into; only what
/// the other's socket does not take is copied, at most one read, and nothing more is read here until that has left.
/// </summary>
internal sealed class TcpEnd(TcpSession session, SocketChannel channel) : IDuplexHandler
{
    private readonly ByteBuffer _pending = new();

    /// <summary>Octets that wait for this end to take them.</summary>
    public int HeldOctets => _pending.Capacity;

    /// <summary>It will say no more.</summary>
    public bool IsFinished { get; private set; }

    /// <summary>Octets that it has sent, not reported yet.</summary>
    public long Received { get; set; }

    /// <summary>Null until the target is connected; nothing is read before.</summary>
    public TcpEnd? Other { get; set; }

    public SocketChannel Channel => channel;

    public void OnReceived(ReadOnlySpan<byte> octets)
    {
        Received += octets.Length;
        session.Touch();
        if (Other is not { } other) session.KeepEarly(octets);
        else if (!other.TrySend(octets)) channel.PauseReading();
    }

    public void OnSent()
    {
        session.Touch();
        Release();
        Other!.Channel.ResumeReading();
    }

    public void OnFinished()
    {
        IsFinished = true;
        session.Touch();
        // All that it has said has left: it is not read while anything waits.
        Other!.Channel.EndOutput();
        session.OnFinished();
    }

    public void OnEnded(string? reason) => session.OnBroken(this);

    /// <summary>Sends octets, and keeps those that do not leave at once. False if there are any: no more may come until they have left.</summary>
    public bool TrySend(ReadOnlySpan<byte> octets)
    {
        Debug.Assert(_pending.Length == 0, "what it has not taken has left");
        var taken = channel.Offer(octets);
        if (taken == octets.Length) return true;
        var rest = octets[taken..];
        _pending.Reserve(rest.Length);
        _pending.Append(rest);
        session.Count(_pending.Capacity);
        if (!channel.TrySend(_pending.Memory)) return false;
        Release();
        return true;
    }

    /// <summary>The session is over, and with it the socket. What the kernel's poller may still hold is left to the collector.</summary>
    public void Forget()
    {
        session.Count(-_pending.Capacity);
        if (!channel.IsSending) _pending.Release();
    }

    private void Release()
    {
        session.Count(-_pending.Capacity);
        _pending.Release();
    }
}
