using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using RouteGuide.Http2.Transport.Tls;

namespace RouteGuide.Http2.Transport;

/// <summary>
/// TLS on a socket, whoever encrypts: ciphertext that came is decrypted record by record, what is sent is encrypted at once and written
/// once for all records. All of it runs on the loop's thread.
/// </summary>
internal abstract class SecureChannel : IChannel, IChannelHandler
{
    // Octets that a peer may have sent before its handshake is judged; one record, which may be needed whole, is smaller.
    private const int MaxEarly = 128 * 1024;

    private const int RecordSize = 16 * 1024;
    private const int RecordOverhead = 256;

    private readonly Action<SecureChannel> _onSecured;
    private readonly Action<string> _onFailed;
    private readonly LoopTimer _timeout;
    private readonly Action _read;
    private IChannelHandler? _handler;
    private ByteBuffer _leaving = new(); // ciphertext on its way
    private bool _flushing; // it has not left yet
    private bool _paused;
    private bool _held; // reading is paused until somebody takes what has come
    private bool _queued; // a read is to begin in the next turn
    private bool _closing; // when the ciphertext has left
    private bool _hadOutput; // OnSent is due when the ciphertext has left
    private bool _freed;

    /// <param name="socket">Not started yet.</param>
    /// <param name="onSecured">The handshake is done; is to call <see cref="Start"/>.</param>
    /// <param name="onFailed">Called instead, with the reason for people, if it ends before.</param>
    protected SecureChannel(IChannel socket, Action<SecureChannel> onSecured, Action<string> onFailed)
    {
        Socket = socket;
        _onSecured = onSecured;
        _onFailed = onFailed;
        _timeout = new LoopTimer(OnTimeout);
        _read = ReadOn;
    }

    public EventLoop Loop => Socket.Loop;

    public IPEndPoint Remote => Socket.Remote;

    public IPEndPoint Local => Socket.Local;

    public bool IsSending => _hadOutput;

    public bool HasPeerClosed => Socket.HasPeerClosed;

    /// <summary>What both ends speak (ALPN); empty if the client did not ask.</summary>
    public abstract SslApplicationProtocol Protocol { get; }

    /// <summary>What targets are told of the client's certificate; empty if it has shown none.</summary>
    public virtual IReadOnlyList<ClientCertificateField> ClientCertificate => [];

    /// <summary>What was agreed on, if somebody has asked for it in time.</summary>
    public TlsFacts? Facts { get; set; }

    /// <summary>What was agreed on; good while the connection stands.</summary>
    public abstract TlsFacts Describe();

    /// <summary>What is beneath.</summary>
    protected IChannel Socket { get; }

    /// <summary>Octets received and kept, not decrypted yet.</summary>
    protected abstract int Kept { get; }

    /// <summary>Ciphertext for the peer.</summary>
    protected abstract ByteBuffer Output { get; set; }

    /// <summary>The handler hears nothing more.</summary>
    protected bool IsEnded { get; private set; }

    /// <summary>The handler wants to hear of what comes.</summary>
    protected bool IsReading => !_paused && !IsEnded && _handler is not null;

    public void Start(IChannelHandler handler)
    {
        _handler = handler;
        if (_held)
        {
            _held = false;
            Socket.ResumeReading();
        }

        QueueRead();
    }

    public bool TrySend(ReadOnlyMemory<byte> octets)
    {
        Debug.Assert(!_hadOutput && !_closing, "one write at a time, and none after the end");
        try
        {
            // A record has 16 KiB at most (RFC 8446 section 5.1); the rest of it, whatever the cipher, fits in 256 octets.
            Output.Reserve(octets.Length + (octets.Length / RecordSize + 1) * RecordOverhead);
            Encrypt(octets);
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
        Socket.PauseReading();
    }

    public void ResumeReading()
    {
        if (!_paused) return;
        _paused = false;
        Socket.ResumeReading();
        QueueRead();
    }

    public void Close()
    {
        if (_closing) return;
        IsEnded = _closing = true;
        Loop.Timers.Clear(_timeout);
        try
        {
            SayGoodbye();
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            // Without a goodbye, then: the connection ends either way.
        }

        Flush();
        // A peer that does not read must not keep a connection that is over.
        if (_flushing) Loop.Timers.Set(_timeout, Loop.NowMs + Loop.LingerMs);
        else Finish();
    }

    public void Abort()
    {
        IsEnded = _closing = true;
        Loop.Timers.Clear(_timeout);
        Socket.Abort();
        FreeOnce();
    }

    public void OnReceived(ReadOnlySpan<byte> octets)
    {
        if (_freed) return;
        Debug.Assert(Unsafe.AreSame(in octets[0], in Loop.ReadBuffer[0]), "a socket is read into the loop's buffer");
        Take(Loop.ReadBuffer.AsMemory(0, octets.Length));
        if (_freed) return;
        if (IsReading) ReadOn();
        if (_freed) return;
        KeepRest();
        if (_handler is null && Kept > MaxEarly && !_held)
        {
            _held = true;
            Socket.PauseReading();
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
            if (!IsEnded) _handler?.OnSent();
        }
    }

    public void OnEnded(string? reason)
    {
        OnNoMore(reason is null);
        End(reason);
    }

    /// <summary>Begins; a handshake that fails ends it quietly.</summary>
    /// <param name="timeoutMs">Milliseconds for the handshake.</param>
    protected void Begin(int timeoutMs)
    {
        Loop.Timers.Set(_timeout, Loop.NowMs + timeoutMs);
        Socket.Start(this);
    }

    /// <summary>The handshake is done.</summary>
    protected void Secured()
    {
        if (IsEnded) return;
        Loop.Timers.Clear(_timeout);
        Flush();
        _onSecured(this);
    }

    /// <summary>The handshake has failed; an alert may stand in the output.</summary>
    protected void HandshakeFailed(string reason)
    {
        Flush();
        End($"TLS: {reason}");
    }

    /// <summary>Encrypts into <see cref="Output"/>.</summary>
    /// <exception cref="IOException">It cannot be sent any more.</exception>
    protected abstract void Encrypt(ReadOnlyMemory<byte> octets);

    /// <summary>Ciphertext has come; good until <see cref="KeepRest"/>. Goes on with the handshake if that is not done.</summary>
    protected abstract void Take(ReadOnlyMemory<byte> octets);

    /// <summary>Decrypts records and delivers them, while <see cref="IsReading"/>.</summary>
    protected abstract void Decrypt();

    /// <summary>Copies what was taken and not decrypted.</summary>
    protected abstract void KeepRest();

    /// <summary>The peer will send no more.</summary>
    protected virtual void OnNoMore(bool inOrder)
    {
    }

    /// <summary>Writes close_notify into <see cref="Output"/>.</summary>
    protected abstract void SayGoodbye();

    /// <summary>Lets go of everything; called once, and nothing else after it.</summary>
    protected abstract void Free();

    /// <summary>Begins to read in the next turn.</summary>
    protected void QueueRead()
    {
        if (_queued) return;
        _queued = true;
        Loop.Again(_read);
    }

    /// <param name="count">Octets in the loop's <see cref="EventLoop.PlainBuffer"/>; 0 if the peer has ended in order.</param>
    protected void Deliver(int count)
    {
        if (count == 0)
        {
            End(null);
            return;
        }

        try
        {
            _handler!.OnReceived(Loop.PlainBuffer.AsSpan(0, count));
        }
        catch (Exception e)
        {
            // Whatever goes wrong with one connection's octets is its own end, but it is not the peer's doing.
            Loop.Report(e);
            End("an error of this end's own");
        }
    }

    /// <summary>What was read cannot be used.</summary>
    protected void ReadFailed(Exception e)
    {
        if (e is IOException or AuthenticationException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            Flush(); // the alert
            End(e.Message);
            return;
        }

        Loop.Report(e);
        End("an error of this end's own");
    }

    private void ReadOn()
    {
        _queued = false;
        if (!_freed) Decrypt();
    }

    /// <summary>Sends what there is to send, as far as the socket takes it.</summary>
    protected void Flush()
    {
        if (_flushing || _freed || Output.Length == 0) return;
        // Two buffers: a read may make TLS write (a key update) while the socket still holds the other.
        (_leaving, Output) = (Output, _leaving);
        if (Socket.TrySend(_leaving.Memory)) _leaving.Release();
        else _flushing = true;
    }

    private void OnTimeout()
    {
        if (_closing) Abort();
        else End("no TLS handshake in time");
    }

    private void Finish()
    {
        Loop.Timers.Clear(_timeout);
        Socket.Close(); // which gives what is on its way a moment; that is not memory of the session
        FreeOnce();
    }

    private void End(string? reason)
    {
        Loop.Timers.Clear(_timeout);
        if (IsEnded) return;
        IsEnded = _closing = true;
        Finish();
        if (_handler is null) _onFailed(reason ?? "closed by the peer during the TLS handshake");
        else _handler.OnEnded(reason);
    }

    private void FreeOnce()
    {
        if (_freed) return;
        _freed = true;
        Free();
    }
}
