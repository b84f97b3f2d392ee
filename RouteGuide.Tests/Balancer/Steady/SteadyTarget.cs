using System.Net;
using System.Net.Sockets;
using RouteGuide.Http2.Hpack;
using HpackWire = RouteGuide.Tests.Balancer.Http2.Wire;

namespace RouteGuide.Tests.Balancer.Steady;

/// <summary>A target that answers each request with so many messages and status 0, a thread a connection.</summary>
internal sealed class SteadyTarget : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<Socket> _sockets = [];
    private readonly int _messages;
    private readonly byte[] _message;

    public SteadyTarget(int messages, byte[] message)
    {
        (_messages, _message) = (messages, message);
        _listener.Start();
        new Thread(Accept) { IsBackground = true, Name = "steady target" }.Start();
    }

    public Uri Url => new($"http://{_listener.LocalEndpoint}");

    public void Dispose()
    {
        _listener.Dispose();
        lock (_sockets) _sockets.ForEach(s => s.Dispose());
    }

    private void Accept()
    {
        try
        {
            while (true)
            {
                var socket = _listener.AcceptSocket();
                socket.NoDelay = true;
                lock (_sockets) _sockets.Add(socket);
                var answerer = new Answerer(this, new NetworkStream(socket));
                new Thread(answerer.Serve) { IsBackground = true, Name = "steady target's connection" }.Start();
            }
        }
        catch (SocketException)
        {
            // The test is over.
        }
    }

    private sealed class Answerer : BlockingPeer
    {
        private readonly SteadyTarget _target;
        private readonly Stream _transport;
        private readonly byte[][] _headers = new byte[2][]; // with the fields spelled out, and by their indices
        private readonly byte[][] _trailers = new byte[2][];
        private bool _answered;

        public Answerer(SteadyTarget target, Stream transport)
            : base(transport)
        {
            (_target, _transport) = (target, transport);
            var encoder = new HpackEncoder(HpackEncoder.InitialTableSize);
            for (var i = 0; i < 2; i++)
            {
                _headers[i] = Blocks.Encode(encoder, (":status", "200"), ("content-type", "application/grpc"), ("server", "steady"), ("date", "Sat, 21 Nov 2026 10:00:00 GMT"));
                _trailers[i] = Blocks.Encode(encoder, ("grpc-status", "0"));
            }
        }

        public void Serve()
        {
            try
            {
                _transport.ReadExactly(new byte[HpackWire.Preface.Length]);
                Put(Settings, 0, 0, default);
                do Flush();
                while (ReadSome());
            }
            catch (IOException)
            {
                // The test is over.
            }
        }

        protected override void OnMessage(int type, int flags, int streamId)
        {
            if ((flags & EndStream) == 0) return;
            var form = _answered ? 1 : 0;
            _answered = true;
            Put(Headers, EndHeaders, streamId, _headers[form]);
            for (var i = 0; i < _target._messages; i++) Put(Data, 0, streamId, _target._message);
            Put(Headers, EndHeaders | EndStream, streamId, _trailers[form]);
        }
    }
}
