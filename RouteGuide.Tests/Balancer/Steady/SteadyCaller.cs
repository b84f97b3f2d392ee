using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using RouteGuide.Http2.Hpack;
using HpackWire = RouteGuide.Tests.Balancer.Http2.Wire;

namespace RouteGuide.Tests.Balancer.Steady;

/// <summary>A client that always has so many calls under way, as a gRPC client would send them: with a deadline and a trace context of its own for each.</summary>
internal sealed class SteadyCaller : BlockingPeer, IDisposable
{
    private readonly Stream _transport;
    private readonly int _messages;
    private readonly byte[] _message;
    private readonly byte[][] _fields = new byte[2][]; // spelled out, and by their indices
    private readonly byte[] _trace;
    private readonly byte[] _block = new byte[1024];
    private int _nextId = 1;
    private int _underWay;

    private SteadyCaller(Stream transport, string scheme, int messages, byte[] message)
        : base(transport)
    {
        (_transport, _messages, _message) = (transport, messages, message);
        var encoder = new HpackEncoder(HpackEncoder.InitialTableSize);
        for (var i = 0; i < 2; i++)
        {
            _fields[i] = Blocks.Encode(
                encoder,
                (":method", "POST"), (":scheme", scheme), (":path", "/routeguide.RouteGuide/GetFeature"), (":authority", "localhost"), ("content-type", "application/grpc"),
                ("te", "trailers"), ("user-agent", "steady/1.0"), ("grpc-accept-encoding", "gzip"), ("grpc-timeout", "30S"));
        }

        _trace = HpackWire.Block(("traceparent", $"00-{new string('a', 32)}-{new string('b', 16)}-01"));
        PutOctets(HpackWire.Preface);
        Put(Settings, 0, 0, default);
        Flush();
    }

    /// <summary>Calls that have ended, each with all its messages or an exception.</summary>
    public long Done { get; private set; }

    public static SteadyCaller Connect(Uri address, int messages, byte[] message)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(address.Host, address.Port);
        Stream transport = new NetworkStream(socket, ownsSocket: true);
        if (address.Scheme == Uri.UriSchemeHttps)
        {
            var tls = new SslStream(transport);
            tls.AuthenticateAsClient(new SslClientAuthenticationOptions { TargetHost = address.Host, ApplicationProtocols = [SslApplicationProtocol.Http2], RemoteCertificateValidationCallback = TestCertificate.Trust });
            transport = tls;
        }

        return new SteadyCaller(transport, address.Scheme, messages, message);
    }

    /// <summary>Makes so many calls; returns when all have ended.</summary>
    public void Run(int calls, int atOnce)
    {
        for (var (started, end) = (0, Done + calls); Done < end;)
        {
            for (; _underWay < atOnce && started < calls; started++) Begin();
            Flush();
            if (!ReadSome()) throw new IOException("The balancer has closed the connection.");
        }
    }

    public void Dispose() => _transport.Dispose();

    protected override void OnMessage(int type, int flags, int streamId)
    {
        if ((flags & EndStream) == 0) return;
        _underWay--;
        Done++;
    }

    private void Begin()
    {
        var fields = _fields[_nextId == 1 ? 0 : 1];
        fields.CopyTo(_block, 0);
        _trace.CopyTo(_block, fields.Length);
        // Another trace for each call: the last 32 octets but 23 are within its id.
        var id = _block.AsSpan(fields.Length + _trace.Length - 52, 8);
        Encoding.ASCII.TryGetBytes("00000000", id, out _);
        System.Buffers.Text.Utf8Formatter.TryFormat(_nextId, id, out _, new System.Buffers.StandardFormat('x', 8));
        Put(Headers, EndHeaders, _nextId, _block.AsSpan(0, fields.Length + _trace.Length));
        for (var i = 1; i <= _messages; i++) Put(Data, i == _messages ? EndStream : 0, _nextId, _message);
        _nextId += 2;
        _underWay++;
    }
}
