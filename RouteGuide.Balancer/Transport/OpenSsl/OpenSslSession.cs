using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Authentication;
using System.Text;
using RouteGuide.Http2.Transport;

namespace RouteGuide.Balancer.Transport.OpenSsl;

/// <summary>
/// The server's end of one TLS connection (SSL). It reads ciphertext from <see cref="Records"/> and writes it to <see cref="Output"/>
/// through a BIO whose functions are here; they run inside the library's calls, on the same thread, so that "the current session" is
/// all the state they need. Not thread-safe.
/// </summary>
internal sealed unsafe class OpenSslSession : IDisposable
{
    [ThreadStatic]
    private static OpenSslSession? _current;

    private static readonly nint Method = MakeMethod();

    private IContextChoice? _choice; // until the handshake is done
    private nint _ssl;
    private Exception? _failure; // of a callback

    /// <exception cref="AuthenticationException">The library has no memory.</exception>
    public OpenSslSession(IContextChoice choice)
    {
        _choice = choice;
        var context = choice.For("");
        _ssl = Native.SSL_new(context.Pointer);
        GC.KeepAlive(context);
        if (_ssl == 0) throw new AuthenticationException($"TLS: {Native.TakeError()}");
        var bio = Native.BIO_new(Method);
        if (bio == 0)
        {
            Dispose();
            throw new AuthenticationException($"TLS: {Native.TakeError()}");
        }

        Native.BIO_set_init(bio, 1);
        Native.SSL_set_bio(_ssl, bio, bio); // takes it over
        Native.SSL_set_accept_state(_ssl);
    }

    /// <summary>Ciphertext from the peer.</summary>
    public TlsRecords Records { get; } = new();

    /// <summary>Ciphertext for the peer.</summary>
    public ByteBuffer Output { get; set; } = new();

    /// <summary>The handshake is done.</summary>
    public bool IsSecured { get; private set; }

    /// <summary>What both ends speak (RFC 7301); empty if the client did not ask.</summary>
    public string Protocol
    {
        get
        {
            byte* name;
            uint length;
            Native.SSL_get0_alpn_selected(_ssl, &name, &length);
            return length == 0 ? "" : Encoding.ASCII.GetString(name, (int)length);
        }
    }

    /// <summary>What was agreed on.</summary>
    public TlsFacts Describe()
    {
        ObjectDisposedException.ThrowIf(_ssl == 0, this);
        return new TlsFacts(
            Word(Native.SSL_get_version(_ssl)),
            Word(Native.SSL_CIPHER_get_name(Native.SSL_get_current_cipher(_ssl))),
            Marshal.PtrToStringUTF8(Native.SSL_get_servername(_ssl, type: 0)));

        // The library has few of them, and all connections share theirs.
        static string Word(nint octets) => string.Intern(Marshal.PtrToStringUTF8(octets) ?? "");
    }

    /// <summary>Goes on with the handshake, as far as there are records.</summary>
    /// <returns>True when it is done.</returns>
    /// <exception cref="AuthenticationException">It failed; an alert may stand in <see cref="Output"/>.</exception>
    public bool Handshake()
    {
        Enter();
        var result = Native.SSL_do_handshake(_ssl);
        if (result == 1)
        {
            _choice = null;
            return IsSecured = true;
        }

        if (Native.SSL_get_error(_ssl, result) == Native.ErrorWantRead) return false;
        throw Failed();
    }

    /// <summary>Decrypts a record.</summary>
    /// <returns>Octets; 0 when the peer has ended in order; -1 when the record was not the application's.</returns>
    /// <exception cref="IOException">What came is no TLS, or an alert.</exception>
    public int Read(Span<byte> plain)
    {
        Enter();
        int count;
        fixed (byte* buffer = plain) count = Native.SSL_read(_ssl, buffer, plain.Length);
        if (count > 0) return count;
        return Native.SSL_get_error(_ssl, count) switch
        {
            Native.ErrorWantRead => -1,
            Native.ErrorZeroReturn => 0,
            _ => throw new IOException($"TLS: {Failed().Message}"),
        };
    }

    /// <summary>Encrypts.</summary>
    /// <exception cref="IOException">The connection cannot be written to any more.</exception>
    public void Write(ReadOnlySpan<byte> plain)
    {
        Enter();
        fixed (byte* buffer = plain)
        {
            // The BIO takes everything, so all is written or nothing ever will be.
            if (Native.SSL_write(_ssl, buffer, plain.Length) != plain.Length) throw new IOException($"TLS: {Failed().Message}");
        }
    }

    /// <summary>Says goodbye (close_notify).</summary>
    public void Shutdown()
    {
        if (!IsSecured) return;
        Enter();
        if (Native.SSL_shutdown(_ssl) < 0) Native.ERR_clear_error();
    }

    public void Dispose()
    {
        if (_ssl == 0) return;
        Native.SSL_free(_ssl);
        _ssl = 0;
        Records.Release();
        Output.Release();
    }

    /// <summary>Inside the handshake: the client has named a host.</summary>
    /// <returns>False if there is no current session.</returns>
    internal static bool ChooseContext(nint ssl, string serverName)
    {
        if (_current?._choice is not { } choice) return false;
        var context = choice.For(serverName);
        var isChosen = Native.SSL_set_SSL_CTX(ssl, context.Pointer) != 0;
        GC.KeepAlive(context);
        return isChosen;
    }

    /// <summary>Inside a callback: what is thrown when the library returns.</summary>
    internal static void FailCurrent(Exception e)
    {
        if (_current is { } session) session._failure = e;
    }

    private void Enter()
    {
        ObjectDisposedException.ThrowIf(_ssl == 0, this);
        _current = this;
        // The library asks the queue what went wrong, also when it was another one's call.
        if (Native.ERR_peek_error() != 0) Native.ERR_clear_error();
    }

    private AuthenticationException Failed()
    {
        var reason = Native.TakeError();
        return _failure is { } inner ? new AuthenticationException(inner.Message, inner) : new AuthenticationException(reason);
    }

    private static nint MakeMethod()
    {
        fixed (byte* name = "event loop\0"u8)
        {
            var method = Native.BIO_meth_new(Native.BioSourceSink, name);
            if (method == 0) throw new InvalidOperationException("OpenSSL has no memory.");
            _ = Native.BIO_meth_set_read(method, &OnRead);
            _ = Native.BIO_meth_set_write(method, &OnWrite);
            _ = Native.BIO_meth_set_ctrl(method, &OnControl);
            return method;
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnRead(nint bio, byte* buffer, int count)
    {
        var read = _current!.Records.Read(new Span<byte>(buffer, count));
        if (read > 0) return read;
        Native.BIO_set_flags(bio, Native.BioReadRetry);
        return -1;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnWrite(nint bio, byte* buffer, int count)
    {
        try
        {
            _current!.Output.Append(new ReadOnlySpan<byte>(buffer, count));
            return count;
        }
        catch (Exception e)
        {
            FailCurrent(e);
            return -1;
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint OnControl(nint bio, int command, nint number, nint pointer) => command == Native.BioFlush ? 1 : 0;
}
