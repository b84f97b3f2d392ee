using System.Diagnostics;
using System.Threading.Tasks.Sources;
using Grpc.Internal;
using RouteGuide.Http2;
using RouteGuide.Http2.Hpack;
using RouteGuide.Http2.Streams;
using RouteGuide.Http2.Transport;

namespace Grpc.Net.Client.Internal.Engine;

/// <summary>
/// An exchange over the engine: a stream of a connection that belongs to the channel's loop. The caller's side is locked by this object and
/// never runs on the loop: it puts down what is to be done and posts the exchange; the loop puts down what has come and, when its turn
/// ends, hands whoever waits for it to the thread pool.
/// </summary>
internal sealed class EngineExchange(ConnectionPool pool, GrpcCall call) : CallExchange(call), IFieldSink, ILoopWork, IThreadPoolWorkItem, IValueTaskSource, IValueTaskSource<int>
{
    // Octets in the connection's hands that wait for the stream's window.
    private const int MaxPending = 64 * 1024;

    // Octets read that are worth telling the loop of; well below half of the window, at which it tells the server.
    private const int CreditStep = 32 * 1024;

    // Connections that a call goes to besides the first, if servers say that they have not begun with it.
    private const int MaxRepeats = 3;

    private readonly OutgoingBody _body = new();
    private RequestTemplate? _template;
    private FieldBuffer? _fields;
    private string? _host;

    // One wait at a time: for the headers, then for octets of messages. Whatever ends it leaves no need for another.
    private ManualResetValueTaskSourceCore<bool> _arrival;
    private Memory<byte> _destination;
    private bool _isAwaited;
    private HeaderList? _headers;
    private HeaderList? _trailers;
    private ReceivedBytes _received;
    private int _credit; // octets read that the loop does not know of
    private Exception? _failure;
    private bool _hasEnded; // the response is complete
    private bool _isPosted; // for the first time: the loop has it
    private bool _isStopped;
    private bool _isOver; // for the loop

    private int _isScheduled;

    // Of the loop.
    private Place _place;
    private EngineConnection? _connection;
    private Http2Stream? _stream;
    private bool _isEndSent;
    private long _beganAt;
    private int _repeats;

    private enum Place : byte
    {
        New,
        Waiting,
        Open,
        Over,
    }

    public override int HttpStatus => int.TryParse(_headers!.Value(_headers.IndexOf(KnownHeader.Status)), out var status) ? status : 0;

    public override Version HttpVersion => System.Net.HttpVersion.Version20;

    public override string? ContentType => _headers!.IndexOf(KnownHeader.ContentType) is >= 0 and var at ? ResponseFields.Text(_headers.Value(at)) : null;

    public override ResponseFields Headers => new(_headers);

    public override ResponseFields Trailers => new(_trailers);

    private FieldBuffer Fields => _fields ??= new FieldBuffer();

    /// <summary>The connection that has refused it; null for none. The loop.</summary>
    public EngineConnection? RefusedBy { get; private set; }

    /// <summary>Its place among those that wait for a connection. The loop.</summary>
    public LinkedListNode<EngineExchange>? WaitNode { get; set; }

    public override ValueTask SendAsync(in RequestHead head, PooledBuffer? message)
    {
        if (message is not null) _body.WriteOnly(message);
        _template = head.Information.Template ??= pool.CreateTemplate(head.Information.RequestUri, Call.Channel.Compression.AcceptEncoding);
        _host = head.Host;
        if (RequestHeaders.Write(this, in head) is { } userAgent) Fields.UserAgent = userAgent;
        if (Activity.Current is { } activity) Inject(activity);
        return Call.IsWaitForReady ? SendWhenReadyAsync() : SendNowAsync();
    }

    public override ValueTask WriteAsync(PooledBuffer message, bool isMoreToCome)
    {
        ThrowIfOver();
        var room = _body.Write(message.WrittenSpan, out var isMuch);
        if (!isMoreToCome || isMuch) Schedule();
        return room is null ? default : WaitForRoomAsync(room);
    }

    public override void Complete()
    {
        _body.Complete();
        Schedule();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> destination)
    {
        if (TryRead(destination.Span, out var count)) return new ValueTask<int>(count);
        lock (this)
        {
            _destination = destination;
            return BeginWait(isOver: _hasEnded || _received.Length > 0) ? new ValueTask<int>(this, _arrival.Version) : new ValueTask<int>(TakeRead());
        }
    }

    public override void Stop(bool isUnfinished)
    {
        bool hasLoopIt;
        lock (this)
        {
            if (_isStopped) return;
            _isStopped = true;
            _received.Release();
            Signal(atOnce: true);
            if (_isOver) return;
            hasLoopIt = _isPosted;
        }

        if (hasLoopIt) Schedule();
        else _body.Close();
    }

    /// <summary>There is a connection for it, with room. The loop.</summary>
    public void OnConnection(EngineConnection connection)
    {
        try
        {
            Open(connection);
        }
        catch (Exception e)
        {
            GiveUp(e);
        }
    }

    /// <summary>There is no connection for it. The loop.</summary>
    public void OnNoConnection(Exception why) => Fail(why);

    /// <summary>There is no other connection than the one that has refused it. The loop.</summary>
    public void OnNoOther() => RefusedBy = null;

    public void OnHeaders(HeaderList headers, bool endStream)
    {
        _body.Commit();
        headers = Keep(headers);
        lock (this)
        {
            _headers = headers;
            _hasEnded |= endStream;
            Signal();
        }
    }

    public void OnData(Http2Stream stream, ReadOnlySpan<byte> data, bool endStream)
    {
        var isWanted = true;
        lock (this)
        {
            if (_isStopped) isWanted = false;
            else _received.Append(data);
            _hasEnded |= endStream;
            Signal();
        }

        if (!isWanted) _connection!.Connection.Consume(stream, data.Length);
    }

    public void OnTrailers(HeaderList trailers)
    {
        trailers = Keep(trailers);
        lock (this)
        {
            _trailers = trailers;
            _hasEnded = true;
            Signal();
        }
    }

    /// <summary>The connection has sent some of what waited.</summary>
    public void OnDataSent() => Pump();

    /// <summary>The stream was ended before its time.</summary>
    public void OnReset(Http2Stream stream, StreamReset reset)
    {
        // Of a complete response nothing is missing, whatever the server says of the request's rest.
        if (_hasEnded || _place != Place.Open) return;
        var connection = _connection!;
        if (!MayRepeat(connection, reset))
        {
            Fail(connection.Explain(reset));
            return;
        }

        _repeats++;
        RefusedBy = reset.Code == Http2ErrorCode.RefusedStream ? connection : null;
        stream.Tag = null;
        (_stream, _connection, _isEndSent, _place) = (null, null, false, Place.Waiting);
        pool.AcquireLater(this);
    }

    /// <summary>The stream is over.</summary>
    public void OnClosed()
    {
        if (_place == Place.Open) Finish();
    }

    void ILoopWork.Run()
    {
        Interlocked.Exchange(ref _isScheduled, 0);
        try
        {
            Work();
        }
        catch (Exception e)
        {
            GiveUp(e);
        }
    }

    void IThreadPoolWorkItem.Execute() => _arrival.SetResult(true);

    void IValueTaskSource.GetResult(short token)
    {
        _arrival.GetResult(token);
        RequireHeaders();
    }

    int IValueTaskSource<int>.GetResult(short token)
    {
        _arrival.GetResult(token);
        return TakeRead();
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _arrival.GetStatus(token);

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _arrival.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _arrival.OnCompleted(continuation, state, token, flags);

    void IValueTaskSource<int>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _arrival.OnCompleted(continuation, state, token, flags);

    void IFieldSink.Add(string name, string value) => Fields.Add(name, value);

    // What System.Net.Http does for those who send through it.
    private void Inject(Activity activity) => DistributedContextPropagator.Current.Inject(activity, this, static (carrier, name, value) =>
    {
        var fields = ((EngineExchange)carrier!).Fields;
        name = name.ToLowerInvariant();
        if (!fields.Contains(name)) fields.Add(name, value);
    });

    private async ValueTask SendWhenReadyAsync()
    {
        await pool.ConnectAsync(Call.Stopped).ConfigureAwait(false);
        await SendNowAsync().ConfigureAwait(false);
    }

    private ValueTask SendNowAsync()
    {
        Call.Visiting(Call.Channel.OwnVisit);
        lock (this)
        {
            if (_isStopped) throw new OperationCanceledException();
            _isPosted = true;
        }

        Schedule();
        lock (this)
        {
            if (BeginWait(isOver: _headers is not null)) return new ValueTask(this, _arrival.Version);
            RequireHeaders();
            return default;
        }
    }

    private void RequireHeaders()
    {
        lock (this)
        {
            if (_isStopped) throw new OperationCanceledException();
            if (_headers is null) throw _failure!;
        }
    }

    private int TakeRead()
    {
        var there = TryRead(_destination.Span, out var count);
        Debug.Assert(there, "nobody is woken for nothing");
        _destination = default;
        return count;
    }

    private bool TryRead(Span<byte> destination, out int count)
    {
        bool isWorthTelling;
        lock (this)
        {
            if (_isStopped) throw new OperationCanceledException();
            count = _received.Take(destination);
            if (count == 0)
            {
                if (_failure is not null) throw _failure;
                return _hasEnded;
            }

            _credit += count;
            isWorthTelling = _credit >= CreditStep && !_hasEnded;
        }

        if (isWorthTelling) Schedule();
        return true;
    }

    // Under the lock. False if there is no need to.
    private bool BeginWait(bool isOver)
    {
        if (isOver || _isStopped || _failure is not null) return false;
        Debug.Assert(!_isAwaited, "one wait at a time");
        _arrival.Reset();
        return _isAwaited = true;
    }

    // Under the lock. On the loop it waits for the end of the turn, as more may come in it.
    private void Signal(bool atOnce = false)
    {
        if (!_isAwaited) return;
        _isAwaited = false;
        if (atOnce) ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        else pool.Loop.AtTurnEnd(this);
    }

    private async ValueTask WaitForRoomAsync(Task room)
    {
        await room.ConfigureAwait(false);
        ThrowIfOver();
    }

    private void ThrowIfOver()
    {
        lock (this)
        {
            if (_isStopped) throw new OperationCanceledException();
            if (_failure is not null) throw _failure;
            if (_isOver) throw new OperationCanceledException("The server has closed the request stream.");
        }
    }

    private void Schedule()
    {
        if (Interlocked.Exchange(ref _isScheduled, 1) == 0) pool.Loop.Loop.Post(this);
    }

    private void Open(EngineConnection connection)
    {
        var list = _fields is null && _host is null ? _template!.Plain(connection.Resources) : connection.Resources.Outgoing;
        if (list.Frozen is null)
        {
            list.Clear();
            _template!.CopyTo(list, _host, _fields);
        }

        if (list.Size > connection.Connection.PeerMaxHeaderListSize)
        {
            Fail(new HttpRequestException(
                HttpRequestError.ConfigurationLimitExceeded,
                $"The request's headers take {list.Size} octets, and the server does not accept more than {connection.Connection.PeerMaxHeaderListSize}."));
            return;
        }

        _beganAt = connection.ProducedNow;
        _stream = connection.Open(this, list);
        _connection = connection;
        _place = Place.Open;
        Pump();
    }

    private void Work()
    {
        int credit;
        bool isStopped;
        lock (this)
        {
            (credit, _credit) = (_credit, 0);
            isStopped = _isStopped;
        }

        if (isStopped)
        {
            Leave();
        }
        else if (_place == Place.New)
        {
            // A stream's first messages may be written before the request is sent.
            if (!Volatile.Read(ref _isPosted)) return;
            _place = Place.Waiting;
            pool.Acquire(this);
        }
        else if (_place == Place.Open)
        {
            if (credit > 0) _connection!.Connection.Consume(_stream!, credit);
            Pump();
        }
    }

    private void Pump()
    {
        while (_stream is { } stream && !_isEndSent)
        {
            var room = MaxPending - stream.PendingLength;
            if (room <= 0) break;
            var octets = _body.Next(room, out var isLast);
            if (octets.IsEmpty && !isLast) break;
            _isEndSent = isLast;
            _body.Advance(octets.Length);
            _connection!.Connection.SendData(stream, octets, isLast);
        }

        _body.Settle();
    }

    private bool MayRepeat(EngineConnection connection, StreamReset reset)
    {
        if (_headers is not null || _repeats >= MaxRepeats) return false;
        var isUnseen = reset.IsSafeToRetry || (reset.Origin == ResetOrigin.Connection && !connection.HasLeft(_beganAt));
        return isUnseen && !Volatile.Read(ref _isStopped) && _body.TryRewind();
    }

    private void Leave()
    {
        if (_place == Place.Waiting) pool.Forget(this);
        // Which reports its end.
        if (_place == Place.Open) _connection!.Connection.Reset(_stream!, Http2ErrorCode.Cancel);
        if (_place != Place.Over) Finish();
    }

    // Whatever goes wrong with one call is its own end, not the loop's.
    private void GiveUp(Exception why)
    {
        Fail(why);
        Leave();
    }

    private void Fail(Exception why)
    {
        if (_place == Place.Waiting) pool.Forget(this);
        lock (this)
        {
            _failure ??= why;
            Signal();
        }

        if (_place == Place.Open) return; // until the stream is closed
        if (_place != Place.Over) Finish();
    }

    private void Finish()
    {
        _place = Place.Over;
        (_stream, _connection, RefusedBy) = (null, null, null);
        lock (this) _isOver = true;
        _body.Close();
        _fields?.Dispose();
    }

    // Lists are the connection's own unless they never change.
    private HeaderList Keep(HeaderList list) => list.Frozen is null ? _connection!.Resources.Freeze(list) : list;
}
