using System.Net.Security;
using System.Security.Authentication;
using RouteGuide.Http2.Transport;

namespace RouteGuide.Balancer.Transport.OpenSsl;

/// <summary>
/// The server's end of TLS by OpenSSL itself, where that is there: the same library that SslStream uses on Linux, without the copies
/// on the way there and back, and with no buffers while a connection is idle.
/// </summary>
internal sealed class OpenSslChannel : SecureChannel
{
    private readonly OpenSslSession _session;

    private OpenSslChannel(IChannel socket, OpenSslSession session, Action<SecureChannel> onSecured, Action<string> onFailed)
        : base(socket, onSecured, onFailed) => _session = session;

    public override SslApplicationProtocol Protocol => _session.Protocol switch
    {
        "h2" => SslApplicationProtocol.Http2,
        "http/1.1" => SslApplicationProtocol.Http11,
        _ => default,
    };

    public override TlsFacts Describe() => _session.Describe();

    protected override int Kept => _session.Records.Kept;

    protected override ByteBuffer Output
    {
        get => _session.Output;
        set => _session.Output = value;
    }

    /// <summary>Secures a connection; a handshake that fails ends it quietly.</summary>
    /// <param name="socket">Not started yet.</param>
    /// <param name="choice">Which certificate the client sees.</param>
    /// <param name="timeoutMs">Milliseconds for the handshake.</param>
    /// <param name="onSecured">Is to call <see cref="SecureChannel.Start"/>.</param>
    /// <param name="onFailed">Called instead, with the reason for people, if it ends before.</param>
    /// <returns>Null if it has failed already.</returns>
    public static OpenSslChannel? Secure(IChannel socket, IContextChoice choice, int timeoutMs, Action<SecureChannel> onSecured, Action<string> onFailed)
    {
        OpenSslSession session;
        try
        {
            session = new OpenSslSession(choice);
        }
        catch (AuthenticationException e)
        {
            socket.Abort();
            onFailed(e.Message);
            return null;
        }

        var channel = new OpenSslChannel(socket, session, onSecured, onFailed);
        channel.Begin(timeoutMs);
        return channel;
    }

    protected override void Encrypt(ReadOnlyMemory<byte> octets) => _session.Write(octets.Span);

    protected override void Take(ReadOnlyMemory<byte> octets)
    {
        _session.Records.Feed(octets);
        if (_session.IsSecured) return;
        try
        {
            if (_session.Handshake()) Secured();
        }
        catch (AuthenticationException e)
        {
            HandshakeFailed(e.Message);
        }
    }

    protected override void Decrypt()
    {
        while (IsReading && _session.Records.HasRecord)
        {
            try
            {
                var count = _session.Read(Loop.PlainBuffer);
                if (count >= 0) Deliver(count);
            }
            catch (Exception e)
            {
                ReadFailed(e);
            }
        }
    }

    protected override void KeepRest() => _session.Records.Keep();

    protected override void SayGoodbye() => _session.Shutdown();

    protected override void Free() => _session.Dispose();
}
