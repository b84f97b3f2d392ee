using RouteGuide.Http2.Transport;

namespace RouteGuide.Http2.Connections;

/// <summary>What the connections of one event loop share. What they have to send goes out when the turn ends, once for all of it.</summary>
/// <param name="loop">The loop.</param>
/// <param name="resources">Its pools.</param>
internal abstract class Http2Loop(EventLoop loop, Http2Resources resources)
{
    private readonly List<Http2Channel> _dirty = [];

    public EventLoop Loop => loop;

    public Http2Resources Resources => resources;

    public TimerWheel Timers => loop.Timers;

    /// <summary>Milliseconds of the loop.</summary>
    public long NowMs => loop.NowMs;

    /// <summary>A connection has output.</summary>
    protected bool IsDirty => _dirty.Count > 0;

    /// <summary>A connection has output.</summary>
    public void MarkDirty(Http2Channel channel)
    {
        if (channel.IsDirty) return;
        channel.IsDirty = true;
        _dirty.Add(channel);
    }

    /// <summary>More may be held than is allowed; no connection is in the middle of a frame.</summary>
    public virtual void RelieveIfOver()
    {
    }

    /// <summary>Has every connection send what it has.</summary>
    protected void FlushDirty()
    {
        // Flushing one may have another say something.
        for (var i = 0; i < _dirty.Count; i++)
        {
            var channel = _dirty[i];
            channel.IsDirty = false;
            channel.Flush();
        }

        _dirty.Clear();
    }
}
