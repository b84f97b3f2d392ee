using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Connections;
using RouteGuide.Http2;
using RouteGuide.Http2.Hpack;
using RouteGuide.Http2.Streams;

namespace RouteGuide.Balancer.Proxy.Http1;

/// <summary>
/// A client's stream of HTTP/2 whose request goes to a target of HTTP/1.1: an <see cref="HttpExchange"/> on the thread pool, joined to the
/// event loop by two pipes. The one with the request is bounded by the stream's window, as credit is given for what was read from it; the
/// one with the response makes the exchange wait while the stream or its connection take nothing.
/// </summary>
internal sealed class BridgedStream : IDisposable
{
    // What an exchange takes beside the request's body: a copy of its head, a buffer of each way, the pipe of its response half full.
    private const int Overhead = 64 * 1024;

    private readonly ClientConnection _client;
    private readonly BridgedRequest _context;
    private readonly Pipe _request;
    private readonly Pipe _response;
    private readonly CancellationTokenSource _gone = new();
    private Http2Stream? _stream; // null when it is over. The loop's thread alone, like all fields below but the next
    private int _taken; // octets that the exchange has read and the client has got no credit for
    private int _waiting; // octets of the response that the stream has and could not send yet
    private TaskCompletionSource? _room; // set when they are sent
    private long _held; // octets that the loop's ledger has of it
    private bool _headSent;
    private bool _isToldOrDone; // the exchange has been told to give up, or is over

    public BridgedStream(ClientConnection client, Http2Stream stream, HeaderList headers)
    {
        _client = client;
        _stream = stream;
        var onLoop = new LoopScheduler(client.Loop.Loop);
        _request = new Pipe(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));
        _response = new Pipe(new PipeOptions(
            readerScheduler: onLoop, pauseWriterThreshold: LoopConnection.BufferSize, resumeWriterThreshold: LoopConnection.BufferSize / 2, useSynchronizationContext: false));
        _context = new BridgedRequest(this, headers, _request.Reader, _response.Writer, _gone.Token);
    }

    /// <summary>Where the client came to.</summary>
    public ProxyListener Listener => _client.Listener;

    /// <summary>Octets that it holds in buffers, about.</summary>
    public long HeldOctets => _held;

    /// <summary>Has the request carried.</summary>
    public void Begin(in CallRoute route, string target, bool endStream)
    {
        Hold(Overhead);
        _context.CanHaveBody = !endStream;
        if (endStream) _request.Writer.Complete();
        var (relay, origin, whereTo) = (_client.Loop.Relay, _client.Origin, route);
        _ = Task.Run(() => Carry(relay, origin, whereTo, target));
    }

    public void OnRequestData(ReadOnlySpan<byte> data, bool endStream)
    {
        Hold(data.Length);
        _request.Writer.Write(data);
        // It has no threshold, so it does not wait.
        var flush = _request.Writer.FlushAsync();
        if (flush.IsCompletedSuccessfully && flush.Result.IsCompleted && _stream is { } stream)
        {
            // Nobody reads it any more.
            Hold(-data.Length);
            _client.Connection.Consume(stream, stream.Unconsumed);
        }

        if (endStream) _request.Writer.Complete();
    }

    /// <summary>HTTP/1.1 has a place for them that clients of .NET cannot fill: they are left out, as any intermediary may (RFC 9110 section 6.5.1).</summary>
    public void OnRequestTrailers() => _request.Writer.Complete();

    /// <summary>The connection has taken octets of the response that had to wait.</summary>
    public void OnResponseTaken(int count)
    {
        _waiting -= count;
        if (_waiting == 0) _room?.TrySetResult();
    }

    /// <summary>The client's stream ended before its time.</summary>
    public void OnClientReset() => Leave(new ConnectionResetException("the client reset the stream"));

    /// <summary>The client's stream is over.</summary>
    public void OnClientClosed() => Leave(null);

    /// <summary>The time for running requests is over and the balancer ends.</summary>
    public void OnShutdown()
    {
        if (_stream is not { } stream) return;
        stream.Tag = null;
        if (_headSent) _client.Connection.Reset(stream, Http2ErrorCode.InternalError);
        else LocalReply.WriteText(_client.Connection, stream, _client.Loop.Resources.Outgoing, _context.IsHead, StatusCodes.Status503ServiceUnavailable, "the balancer is stopping");
        if (stream.State == StreamState.HalfClosedLocal) _client.Connection.Reset(stream, Http2ErrorCode.NoError);
        Leave(new ConnectionAbortedException("the balancer is stopping"));
    }

    /// <summary>The exchange has read octets of the request. Any thread.</summary>
    public void Taken(int count)
    {
        if (count > 0 && Interlocked.Add(ref _taken, count) == count) _client.Loop.Loop.Post(GiveCredit);
    }

    /// <summary>The exchange wants the body that the client holds back (RFC 9110 section 10.1.1). Any thread.</summary>
    public void Continue() => _client.Loop.Loop.Post(() =>
    {
        if (_stream is not { } stream || _headSent) return;
        var interim = _client.Loop.Resources.Outgoing;
        interim.Clear();
        interim.Add(":status"u8, "100"u8);
        _client.Connection.SendInterimHeaders(stream, interim);
    });

    /// <summary>The response begins; with <paramref name="ends"/> it has no body. Any thread.</summary>
    public void Start(bool ends) => _client.Loop.Loop.Post(() =>
    {
        if (_stream is not { } stream) return;
        _headSent = true;
        var head = _client.Loop.Resources.Outgoing;
        head.Clear();
        head.Add(":status"u8, Encoding.ASCII.GetBytes($"{_context.StatusCode}"));
        AddFields(_context.ResponseHeaders, head);
        _client.Connection.SendHeaders(stream, head, ends);
        if (ends) EndIfSent();
        else _ = SendBody();
    });

    /// <summary>The exchange gives up: what the client has of the response is all that it gets. Any thread.</summary>
    public void Abort() => _client.Loop.Loop.Post(() =>
    {
        if (_stream is not { } stream) return;
        stream.Tag = null;
        _client.Connection.Reset(stream, Http2ErrorCode.InternalError);
        Leave(new ConnectionAbortedException("the response was broken off"));
    });

    /// <summary>On the loop, when the exchange is over.</summary>
    public void Dispose()
    {
        Hold(-_held);
        if (_isToldOrDone) return;
        _isToldOrDone = true;
        _gone.Dispose();
    }

    private static void AddFields(IHeaderDictionary fields, HeaderList list)
    {
        foreach (var (name, values) in fields)
        {
            var lower = Encoding.Latin1.GetBytes(name.ToLowerInvariant());
            foreach (var value in values) list.Add(lower, Encoding.Latin1.GetBytes((value ?? "").Trim(' ', '\t')));
        }
    }

    private async Task Carry(HttpRelay relay, ClientOrigin origin, CallRoute route, string target)
    {
        var loop = _client.Loop;
        try
        {
            await relay.Carry(_context.Context, origin, in route, target);
            await _context.CompleteAsync();
        }
        catch (Exception e)
        {
            loop.Loop.Report(e);
            Abort();
        }

        await _request.Reader.CompleteAsync();
        await _response.Writer.CompleteAsync();
        loop.Loop.Post(Dispose);
    }

    // On the loop, as everything below.
    private async Task SendBody()
    {
        try
        {
            while (await SendPiece())
            {
            }
        }
        catch (Exception e)
        {
            _client.Loop.Loop.Report(e);
            Abort();
        }

        await _response.Reader.CompleteAsync();
    }

    private async Task<bool> SendPiece()
    {
        var loop = _client.Loop.Loop;
        var read = await _response.Reader.ReadAsync().ConfigureAwait(false);
        await loop.Enter();
        foreach (var octets in read.Buffer)
        {
            if (_stream is not { } stream) return false;
            _waiting = octets.Length;
            _waiting -= _client.Connection.SendData(stream, octets.Span, endStream: false);
            if (_waiting == 0) continue;
            _room = new TaskCompletionSource();
            await _room.Task.ConfigureAwait(false);
            await loop.Enter();
            _room = null;
        }

        _response.Reader.AdvanceTo(read.Buffer.End);
        if (!read.IsCompleted || _stream is not { } ending) return _stream is not null;
        if (_context.Trailers is { Count: > 0 } fields)
        {
            var trailers = _client.Loop.Resources.Outgoing;
            trailers.Clear();
            AddFields(fields, trailers);
            _client.Connection.SendTrailers(ending, trailers);
        }
        else
        {
            _client.Connection.SendData(ending, [], endStream: true);
        }

        EndIfSent();
        return false;
    }

    // The rest of a request that has its answer is not wanted (RFC 9113 section 8.1).
    private void EndIfSent()
    {
        if (_stream is not { State: StreamState.HalfClosedLocal } stream) return;
        stream.Tag = null;
        _client.Connection.Reset(stream, Http2ErrorCode.NoError);
        Leave(null);
    }

    private void Hold(long octets)
    {
        _held += octets;
        _client.Loop.Resources.Memory.Add(octets);
    }

    private void GiveCredit()
    {
        var count = Interlocked.Exchange(ref _taken, 0);
        Hold(-count);
        if (_stream is { } stream) _client.Connection.Consume(stream, Math.Min(count, stream.Unconsumed));
    }

    /// <summary>Lets go of the stream; with a reason if the exchange is to give up.</summary>
    private void Leave(Exception? reason)
    {
        if (_stream is null) return;
        _stream = null;
        _request.Writer.Complete(reason);
        if (reason is null) return;
        _room?.TrySetResult();
        _response.Reader.CancelPendingRead();
        if (_isToldOrDone) return;
        _isToldOrDone = true;
        ThreadPool.UnsafeQueueUserWorkItem(static gone => gone.Cancel(), _gone, preferLocal: false);
    }
}
