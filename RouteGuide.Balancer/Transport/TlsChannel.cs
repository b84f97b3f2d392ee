using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Security.Cryptography;
using RouteGuide.Balancer.Transport.Tls;

namespace RouteGuide.Balancer.Transport;

/// <summary>
/// TLS on a socket, either end of it. SslStream works on a <see cref="TlsPipe"/>, so that it never waits for a socket: all of it runs
/// on the loop's thread.
/// </summary>
internal sealed class TlsChannel : IChannel, IChannelHandler, IDisposable
{
    // Octets that a peer may have sent before its handshake is judged; one record, which may be needed whole, is smaller.
    private const int MaxEarly = 128 * 1024;

    private readonly IChannel _socket;
    private readonly TlsPipe _pipe = new();
    private readonly SslStream _tls;
    private readonly Action<TlsChannel> _onSecured;
    private readonly Action<string> _onFailed;
    private readonly LoopTimer _timeout;
    private readonly Action _read;
    private IChannelHandler? _handler;
    private ByteBuffer _leaving = new(); // ciphertext on its way
    private bool _flushing; // it has not left yet
    private bool _paused;
    private bool _held; // reading is paused until somebody takes what has come
    private bool _reading; // a read of SslStream has not completed: what came was not the peer's data but TLS's own
    private bool _queued; // a read is to begin in the next turn
    private bool _closing; // when the ciphertext has left
    private bool _ended; // the handler hears nothing more
    private bool _hadOutput; // OnSent is due when the ciphertext has left

    private TlsChannel(IChannel socket, ITlsHandshake handshake, Action<TlsChannel> onSecured, Action<string> onFailed)
    {
        _socket = socket;
        Handshake = handshake;
        _onSecured = onSecured;
        _onFailed = onFailed;
        _tls = new SslStream(_pipe);
        _timeout = new LoopTimer(() => End("no TLS handshake in time"));
        _read = ReadOn;
    }

    public EventLoop Loop => _socket.Loop;

    public IPEndPoint Remote => _socket.Remote;

    public IPEndPoint Local => _socket.Local;

    /// <summary>As given to <see cref="Secure"/>: it knows what came out of it.</summary>
    public ITlsHandshake Handshake { get; }

    /// <summary>What both ends speak (ALPN); empty if the client did not ask.</summary>
    public SslApplicationProtocol Protocol => _tls.NegotiatedApplicationProtocol;

    public bool IsSending => _hadOutput;

    public bool HasPeerClosed => _socket.HasPeerClosed;

    /// <summary>Secures a connection; a handshake that fails ends it quietly.</summary>
    /// <param name="socket">Not started yet.</param>
    /// <param name="handshake">How it is done, and which end this is.</param>
    /// <param name="timeoutMs">Milliseconds for the handshake.</param>
    /// <param name="onSecured">Is to call <see cref="Start"/>.</param>
    /// <param name="onFailed">Called instead, with the reason for people, if it ends before.</param>
    public static TlsChannel Secure(IChannel socket, ITlsHandshake handshake, int timeoutMs, Action<TlsChannel> onSecured, Action<string> onFailed)
    {
        var channel = new TlsChannel(socket, handshake, onSecured, onFailed);
        socket.Loop.Timers.Set(channel._timeout, socket.Loop.NowMs + timeoutMs);
        socket.Start(channel);
        _ = channel.Authenticate();
        channel.Flush(); // a client speaks first
        return channel;
    }

    public void Start(IChannelHandler handler)
    {
        _handler = handler;
        if (_held)
        {
            _held = false;
            _socket.ResumeReading();
        }

        QueueRead();
    }

    public bool TrySend(ReadOnlyMemory<byte> octets)
    {
        Debug.Assert(!_hadOutput && !_closing, "one write at a time, and none after the end");
        try
        {
            // The pipe takes everything, so there is nothing to wait for.
            var write = _tls.WriteAsync(octets);
            if (!write.IsCompleted) throw new IOException("the TLS layer does not take output");
            write.GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or AuthenticationException)
        {
            Loop.Again(() => End(e.Message));
            return true;
        }

        Flush();
        _hadOutput = _flushing;
        return !_hadOutput;
    }

    public void PauseReading()
    {
        _paused = true;
        _socket.PauseReading();
    }

    public void ResumeReading()
    {
        if (!_paused) return;
        _paused = false;
        _socket.ResumeReading();
        QueueRead();
    }

    public void Close()
    {
        if (_closing) return;
        _ended = _closing = true;
        Loop.Timers.Clear(_timeout);
        try
        {
            // Writes close_notify into the pipe, which takes it at once.
            if (_tls.IsAuthenticated) _ = _tls.ShutdownAsync();
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            // Without a goodbye, then: the connection ends either way.
        }

        Flush();
        if (!_flushing) Finish();
    }

    public void Abort()
    {
        _ended = _closing = true;
        Loop.Timers.Clear(_timeout);
        _socket.Abort();
        _tls.Dispose();
    }

    public void Dispose() => Abort();

    public void OnReceived(ReadOnlySpan<byte> octets)
    {
        Debug.Assert(Unsafe.AreSame(in octets[0], in Loop.ReadBuffer[0]), "a socket is read into the loop's buffer");
        _pipe.Feed(Loop.ReadBuffer.AsMemory(0, octets.Length));
        if (_handler is not null) ReadOn();
        _pipe.Keep();
        if (_handler is null && _pipe.Kept > MaxEarly && !_held)
        {
            _held = true;
            _socket.PauseReading();
        }

        Flush();
    }

    public void OnSent()
    {
        _flushing = false;
        _leaving.Release();
        Flush();
        if (_flushing) return;
        if (_closing) Finish();
        else if (_hadOutput)
        {
            _hadOutput = false;
            if (!_ended) _handler?.OnSent();
        }
    }

    public void OnEnded(string? reason)
    {
        if (reason is null) _pipe.End();
        End(reason);
    }

    private void Flush()
    {
        if (_flushing || _pipe.Output.Length == 0) return;
        // Two buffers: a read may make TLS write (a key update) while the socket still holds the other.
        (_leaving, _pipe.Output) = (_pipe.Output, _leaving);
        if (_socket.TrySend(_leaving.Memory)) _leaving.Release();
        else _flushing = true;
    }

    private void Finish()
    {
        _socket.Close();
        _tls.Dispose();
    }

    private async Task Authenticate()
    {
        try
        {
            await Handshake.Run(_tls).ConfigureAwait(false);
            await Loop.Enter();
        }
        catch (Exception e) when (e is AuthenticationException or IOException or InvalidOperationException or OperationCanceledException or System.ComponentModel.Win32Exception or CryptographicException)
        {
            await Loop.Enter();
            Flush(); // the alert
            End($"TLS: {Handshake.Refusal ?? e.GetBaseException().Message}");
            return;
        }

        if (_ended) return;
        Loop.Timers.Clear(_timeout);
        Flush();
        _onSecured(this);
    }

    private void QueueRead()
    {
        if (_queued) return;
        _queued = true;
        Loop.Again(_read);
    }

    // Reads begin only when a record is there, so that nearly every one completes at once.
    private void ReadOn()
    {
        _queued = false;
        while (!_reading && !_paused && !_ended && _pipe.HasRecord)
        {
            try
            {
                var read = _tls.ReadAsync(Loop.PlainBuffer);
                if (read.IsCompleted) Deliver(read.GetAwaiter().GetResult());
                else _ = Await(read);
            }
            catch (Exception e)
            {
                OnReadFailed(e);
            }
        }
    }

    private async Task Await(ValueTask<int> read)
    {
        _reading = true;
        try
        {
            var count = await read.ConfigureAwait(false);
            Debug.Assert(Loop.IsCurrent, "the pipe completes its reads on the loop");
            if (!_ended) Deliver(count);
        }
        catch (Exception e)
        {
            OnReadFailed(e);
        }

        _reading = false;
        QueueRead();
    }

    private void Deliver(int count)
    {
        if (count == 0) End(null);
        else _handler!.OnReceived(Loop.PlainBuffer.AsSpan(0, count));
    }

    private void OnReadFailed(Exception e)
    {
        if (e is IOException or AuthenticationException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            End(e.Message);
            return;
        }

        Loop.Report(e);
        End("an error of the balancer's own");
    }

    private void End(string? reason)
    {
        Loop.Timers.Clear(_timeout);
        if (_ended) return;
        _ended = _closing = true;
        if (_flushing) _socket.Close();
        else Finish();
        if (_handler is null) _onFailed(reason ?? "closed by the peer during the TLS handshake");
        else _handler.OnEnded(reason);
    }
}
