using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using RouteGuide.Http2.Transport.Tls;

namespace RouteGuide.Http2.Transport;

/// <summary>
/// TLS by the framework, either end of it, on every system. SslStream works on a <see cref="TlsPipe"/>, so that it never waits for a
/// socket.
/// </summary>
internal sealed class TlsChannel : SecureChannel, IDisposable
{
    private readonly TlsPipe _pipe = new();
    private readonly SslStream _tls;
    private bool _waiting; // a read of SslStream has not completed: what came was not the peer's data but TLS's own

    private TlsChannel(IChannel socket, ITlsHandshake handshake, Action<SecureChannel> onSecured, Action<string> onFailed)
        : base(socket, onSecured, onFailed)
    {
        Handshake = handshake;
        _tls = new SslStream(_pipe);
    }

    /// <summary>As given to <see cref="Secure"/>: it knows what came out of it.</summary>
    public ITlsHandshake Handshake { get; }

    public override SslApplicationProtocol Protocol => _tls.NegotiatedApplicationProtocol;

    public override IReadOnlyList<ClientCertificateField> ClientCertificate => (Handshake as IClientCertificate)?.Fields ?? [];

    public override TlsFacts Describe() => TlsFacts.Of(_tls.SslProtocol, _tls.NegotiatedCipherSuite, _tls.TargetHostName);

    protected override int Kept => _pipe.Kept;

    protected override ByteBuffer Output
    {
        get => _pipe.Output;
        set => _pipe.Output = value;
    }

    /// <summary>Secures a connection; a handshake that fails ends it quietly.</summary>
    /// <param name="socket">Not started yet.</param>
    /// <param name="handshake">How it is done, and which end this is.</param>
    /// <param name="timeoutMs">Milliseconds for the handshake.</param>
    /// <param name="onSecured">Is to call <see cref="SecureChannel.Start"/>.</param>
    /// <param name="onFailed">Called instead, with the reason for people, if it ends before.</param>
    public static TlsChannel Secure(IChannel socket, ITlsHandshake handshake, int timeoutMs, Action<SecureChannel> onSecured, Action<string> onFailed)
    {
        var channel = new TlsChannel(socket, handshake, onSecured, onFailed);
        channel.Begin(timeoutMs);
        _ = channel.Authenticate();
        channel.Flush(); // a client speaks first
        return channel;
    }

    public void Dispose() => Abort();

    protected override void Encrypt(ReadOnlyMemory<byte> octets)
    {
        // The pipe takes everything, so there is nothing to wait for.
        var write = _tls.WriteAsync(octets);
        if (!write.IsCompleted) throw new IOException("the TLS layer does not take output");
        write.GetAwaiter().GetResult();
    }

    protected override void Take(ReadOnlyMemory<byte> octets) => _pipe.Feed(octets);

    protected override void KeepRest() => _pipe.Keep();

    protected override void OnNoMore(bool inOrder)
    {
        if (inOrder) _pipe.End();
    }

    protected override void SayGoodbye()
    {
        // The pipe takes it at once.
        if (_tls.IsAuthenticated) _ = _tls.ShutdownAsync();
    }

    protected override void Free() => _tls.Dispose();

    // Reads begin only when a record is there, so that nearly every one completes at once.
    protected override void Decrypt()
    {
        while (!_waiting && IsReading && _pipe.HasRecord)
        {
            try
            {
                var read = _tls.ReadAsync(Loop.PlainBuffer);
                if (read.IsCompleted) Deliver(read.GetAwaiter().GetResult());
                else _ = Await(read);
            }
            catch (Exception e)
            {
                ReadFailed(e);
            }
        }
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
            HandshakeFailed(Handshake.Refusal ?? e.GetBaseException().Message);
            return;
        }

        Secured();
    }

    private async Task Await(ValueTask<int> read)
    {
        _waiting = true;
        try
        {
            var count = await read.ConfigureAwait(false);
            if (!IsEnded) Deliver(count);
        }
        catch (Exception e)
        {
            ReadFailed(e);
        }

        _waiting = false;
        QueueRead();
    }
}
