using RouteGuide.Http2.Streams;

namespace RouteGuide.Http2;

/// <summary>The receiving side of flow control (RFC 9113 section 6.9): what the peer may send, on every stream and in all.</summary>
internal sealed class CreditKeeper
{
    private readonly ConnectionCore _core;
    private ReceiveWindow _connection = new(FlowWindow.Default);

    public CreditKeeper(ConnectionCore core)
    {
        _core = core;
        // A larger window may be used from the moment the peer reads our SETTINGS; a smaller one binds it only once it has acknowledged.
        StreamWindow = Math.Max(FlowWindow.Default, core.Limits.StreamWindow);
    }

    /// <summary>The window that new streams begin with, octets.</summary>
    public int StreamWindow { get; private set; }

    /// <summary>What the peer may send on all streams, with what was consumed and not yet given back, octets.</summary>
    public int ConnectionCredit => _connection.Credit;

    /// <summary>Raises the connection's window from what RFC 9113 gives it, once.</summary>
    public void Announce()
    {
        var more = _core.Limits.ConnectionWindow - FlowWindow.Default;
        if (more <= 0) return;
        _connection.Resize(_core.Limits.ConnectionWindow);
        _core.Writer.WriteWindowUpdate(0, more);
    }

    /// <summary>The peer has acknowledged our SETTINGS.</summary>
    public void OnSettingsAcknowledged()
    {
        if (StreamWindow == _core.Limits.StreamWindow) return;
        StreamWindow = _core.Limits.StreamWindow;
        var streams = _core.CopyStreams();
        foreach (var stream in streams) stream.ReceiveWindow.Resize(StreamWindow);
        streams.Clear();
    }

    /// <summary>A DATA frame has begun.</summary>
    /// <exception cref="Http2ConnectionException">It exceeds the connection's window.</exception>
    public void TakeConnection(int count)
    {
        if (!_connection.TryTake(count))
            throw new Http2ConnectionException(Http2ErrorCode.FlowControlError, $"DATA of {count} octets where the connection's window has {_connection.Available}");
    }

    /// <summary>A DATA frame has begun on a stream that is open.</summary>
    /// <exception cref="Http2StreamException">It exceeds the stream's window.</exception>
    public void TakeStream(Http2Stream stream, int count)
    {
        if (!stream.ReceiveWindow.TryTake(count))
        {
            throw new Http2StreamException(
                stream.Id, Http2ErrorCode.FlowControlError, $"DATA of {count} octets where the stream's window has {stream.ReceiveWindow.Available}");
        }

        stream.Unconsumed += count;
        // A target's connection carries the calls of many clients: one that does not read holds up its own streams, by their windows, but not
        // the connection, by its. What they can hold together is the memory budget's matter; when that is short, all wait.
        if (_core.Role == Http2Role.Client && !_core.Resources.Memory.IsTight) ConsumeConnection(count);
        else stream.DueToConnection += count;
    }

    /// <summary>Octets of a stream are dealt with.</summary>
    public void Consume(Http2Stream stream, int count)
    {
        if (count < 0 || count > stream.Unconsumed)
            throw new ArgumentOutOfRangeException(nameof(count), count, $"Stream {stream.Id} has {stream.Unconsumed} octets that are not consumed.");
        stream.Unconsumed -= count;
        var due = Math.Min(count, stream.DueToConnection);
        stream.DueToConnection -= due;
        if (due > 0) ConsumeConnection(due);
        var increment = stream.ReceiveWindow.Consume(count);
        // Nobody needs credit on a side that has ended.
        if (increment > 0 && stream.State.CanReceive() && _core.Failure is null) _core.Writer.WriteWindowUpdate(stream.Id, increment);
    }

    /// <summary>Octets that belong to no stream any more are dealt with.</summary>
    public void ConsumeConnection(int count)
    {
        var increment = _connection.Consume(count);
        if (increment > 0 && _core.Failure is null) _core.Writer.WriteWindowUpdate(0, increment);
    }

    /// <summary>A stream is over: what was not consumed of it never will be.</summary>
    public void Forget(Http2Stream stream)
    {
        var count = stream.DueToConnection;
        stream.Unconsumed = stream.DueToConnection = 0;
        if (count > 0) ConsumeConnection(count);
    }
}
