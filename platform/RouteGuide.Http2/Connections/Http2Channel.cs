using RouteGuide.Http2.Hpack;
using RouteGuide.Http2.Streams;
using RouteGuide.Http2.Transport;

namespace RouteGuide.Http2.Connections;

/// <summary>
/// An HTTP/2 connection on its channel: octets go in as they come; what it wants to send goes out at the end of the turn, one write at a
/// time while the next collects.
/// </summary>
internal abstract class Http2Channel : IChannelHandler, IHttp2Handler
{
    /// <summary>What a PING of ours says, to be known in a trace.</summary>
    protected const ulong KeepAlivePing = 0x616c_6976_653f_0000; // "alive?"

    private readonly Http2Loop _owner;
    private long _taken; // octets of output handed to the channel
    private bool _paused;
    private bool _over;

    protected Http2Channel(Http2Loop loop, IChannel channel, Http2Role role, Http2Limits limits)
    {
        _owner = loop;
        Channel = channel;
        Connection = new Http2Connection(role, limits, this, loop.Resources);
    }

    public Http2Connection Connection { get; }

    /// <summary>It will be flushed at the end of the turn.</summary>
    public bool IsDirty { get; set; }

    /// <summary>Nothing can be sent any more.</summary>
    public bool IsOver => _over;

    /// <summary>Why it is over; null if in order.</summary>
    public string? EndReason { get; private set; }

    /// <summary>Octets of output up to now, sent or not.</summary>
    protected long Produced => _taken + Connection.Output.Length;

    /// <summary>Octets of output that the kernel certainly has nothing of are those above it.</summary>
    protected long Left => _taken;

    /// <summary>Milliseconds of the loop: when the peer was last heard of.</summary>
    protected long HeardMs { get; private set; }

    protected IChannel Channel { get; }

    public virtual void Start()
    {
        HeardMs = _owner.NowMs;
        Connection.Start(_owner.NowMs);
        Channel.Start(this);
    }

    public virtual void OnReceived(ReadOnlySpan<byte> octets)
    {
        if (_over) return;
        HeardMs = _owner.NowMs;
        if (!Connection.Receive(octets, _owner.NowMs))
        {
            _owner.MarkDirty(this);
        }
        else if (Connection.PauseReading && !_paused)
        {
            _paused = true;
            Channel.PauseReading();
        }

        _owner.RelieveIfOver();
    }

    public void OnSent()
    {
        if (_over) return;
        Connection.Output.Release();
        Connection.Pump(_owner.NowMs);
        OnWritten();
        _owner.MarkDirty(this);
    }

    public void OnEnded(string? reason)
    {
        if (!_over) End(reason ?? "closed by the peer");
    }

    /// <summary>Sends what there is to send, as far as the channel takes it. At the end of the turn.</summary>
    public void Flush()
    {
        if (_over) return;
        while (!Channel.IsSending && Connection.Output.Length > 0)
        {
            if (!MayWrite())
            {
                Abort("closed by the peer");
                return;
            }

            var octets = Connection.Output.Take();
            _taken += octets.Length;
            OnLeaving(octets.Length);
            if (!Channel.TrySend(octets)) break;
            Connection.Output.Release();
            Connection.Pump(_owner.NowMs);
            OnWritten();
        }

        if (Connection.Failure is { } failure) EndInOrder(failure.Message);
        else if (Connection is { IsDrained: true, Output.Length: 0 } && !Channel.IsSending) OnDrained();
        else if (_paused && !Connection.PauseReading)
        {
            _paused = false;
            Channel.ResumeReading();
        }
    }

    /// <summary>Looks at the timeouts, about once a second.</summary>
    public void Tick()
    {
        if (_over) return;
        if (!Connection.Tick(_owner.NowMs) || Connection.IsDrained) _owner.MarkDirty(this);
        else OnTick();
    }

    /// <summary>Ends it at once.</summary>
    public void Abort(string reason)
    {
        if (_over) return;
        Channel.Abort();
        End(reason);
    }

    public abstract void OnHeaders(Http2Stream stream, HeaderList headers, bool endStream);

    public abstract void OnInterimHeaders(Http2Stream stream, HeaderList headers);

    public abstract void OnHeadersTooLarge(Http2Stream stream, HeaderList headers, bool endStream);

    public abstract void OnData(Http2Stream stream, ReadOnlySpan<byte> data, bool endStream);

    public abstract void OnTrailers(Http2Stream stream, HeaderList trailers);

    public abstract void OnDataSent(Http2Stream stream, int count);

    public abstract void OnReset(Http2Stream stream, StreamReset reset);

    public abstract void OnClosed(Http2Stream stream);

    public virtual void OnPeerSettings()
    {
    }

    public virtual void OnGoAway(int lastStreamId, Http2ErrorCode code, ReadOnlySpan<byte> debugData)
    {
    }

    public virtual void OnPingAck(ulong opaque)
    {
    }

    public void OnOutput() => _owner.MarkDirty(this);

    /// <summary>A graceful stop is complete, and all of it has left. Called again whenever it is flushed.</summary>
    protected virtual void OnDrained() => EndInOrder(null);

    protected virtual void OnTick()
    {
    }

    /// <summary>Octets of output go to the channel.</summary>
    protected virtual void OnLeaving(int count)
    {
    }

    /// <summary>Output has left.</summary>
    protected virtual void OnWritten()
    {
    }

    /// <summary>False when it is known that nobody will read it.</summary>
    protected virtual bool MayWrite() => true;

    /// <summary>It is over; its streams have been told.</summary>
    protected abstract void OnOver();

    protected void EndInOrder(string? reason)
    {
        if (_over) return;
        Channel.Close();
        End(reason);
    }

    private void End(string? reason)
    {
        _over = true;
        EndReason = reason;
        Connection.Abandon();
        OnOver();
    }
}
