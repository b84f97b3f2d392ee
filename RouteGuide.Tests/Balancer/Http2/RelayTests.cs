using RouteGuide.Http2;
using RouteGuide.Http2.Hpack;
using RouteGuide.Http2.Streams;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Http2;

/// <summary>Calls through two connections that are joined in memory.</summary>
public sealed class RelayTests
{
    private static readonly byte[] Message = [0, 0, 0, 0, 10, .. new byte[10]];

    [Fact]
    public void Relaying_gRPC_calls_allocates_nothing_once_warm()
    {
        var relay = new MemoryRelay();

        Allocations.None(() => relay.Run(calls: 2_000));

        Assert.Equal(12_000, relay.Done);
    }

    [Fact]
    public void A_slow_reader_on_one_side_stops_the_other_and_nothing_is_lost()
    {
        var relay = new MemoryRelay { HoldBackClient = true };
        relay.Begin();
        relay.Turn();
        var body = new byte[16_000];
        var sent = 0;
        var target = relay.Backend.Streams[0];
        // Far more than the windows on the way: what is not let go stays with the backend.
        while (relay.BackendConnection.SendData(target, body, endStream: false) == body.Length && sent < 100_000_000)
        {
            sent += body.Length;
            relay.Turn();
        }

        sent += body.Length;
        var limits = Http2Limits.Default;
        Assert.InRange(sent, limits.StreamWindow, 3 * limits.StreamWindow);
        Assert.InRange(relay.FrontPending, 1, limits.StreamWindow + 16_384);
        relay.BackendConnection.SendTrailers(target, relay.Trailers);
        relay.HoldBackClient = false;
        relay.LetClientConsume();
        for (var i = 0; i < 200 && relay.Done == 0; i++)
        {
            relay.Turn();
            relay.LetClientConsume();
        }

        Assert.Equal(1, relay.Done);
        Assert.Equal(sent, relay.ClientOctets);
    }

    /// <summary>client == front | back == backend, all four ends being connections of the engine.</summary>
    internal sealed class MemoryRelay
    {
        private readonly Http2Connection _client;
        private readonly Http2Connection _front;
        private readonly Http2Connection _back;
        private readonly HeaderList _request = new();
        private readonly HeaderList _response = new();
        private readonly RelayHandler _frontHandler;
        private Http2Stream? _stream;
        private long _now = 1;

        public MemoryRelay()
        {
            var resources = new Http2Resources();
            var caller = new Caller(this);
            Backend = new Answerer(this);
            var (front, back) = (new RelayHandler(resources), new RelayHandler(resources));
            _client = new Http2Connection(Http2Role.Client, Http2Limits.Default, caller, new Http2Resources());
            BackendConnection = new Http2Connection(Http2Role.Server, Http2Limits.Default, Backend, new Http2Resources());
            (front.Other, back.Other) = (back, front);
            _frontHandler = front;
            front.Own = _front = new Http2Connection(Http2Role.Server, Http2Limits.Default, front, resources);
            back.Own = _back = new Http2Connection(Http2Role.Client, Http2Limits.Default, back, resources);
            foreach (var connection in (Http2Connection[])[_client, _front, _back, BackendConnection]) connection.Start(_now);
            foreach (var (name, value) in Wire.Request(("te", "trailers"), ("content-type", "application/grpc"), ("user-agent", "grpc-go/1.60"), ("grpc-accept-encoding", "gzip")))
                _request.Add(new HeaderEntry(name, value));
            foreach (var (name, value) in ((string, string)[])[(":status", "200"), ("content-type", "application/grpc"), ("server", "x"), ("date", "Sat, 21 Nov 2026 10:00:00 GMT")])
                _response.Add(new HeaderEntry(name, value));
            Trailers.Add(new HeaderEntry("grpc-status", "0"));
            Turn();
        }

        public Answerer Backend { get; }

        public Http2Connection BackendConnection { get; }

        public HeaderList Trailers { get; } = new();

        public bool HoldBackClient { get; set; }

        public int Done { get; set; }

        public int ClientOctets { get; private set; }

        /// <summary>What waits in the relay for the client's window.</summary>
        public int FrontPending => _frontHandler.LastStream!.PendingLength;

        public void Begin() => _stream = _client.OpenStream(_request, endStream: true, tag: null);

        /// <summary>Unary calls, ten at a time.</summary>
        public void Run(int calls)
        {
            for (var i = 0; i < calls; i += 10)
            {
                for (var j = 0; j < 10; j++)
                {
                    var stream = _client.OpenStream(_request, endStream: false, tag: null)!;
                    _client.SendData(stream, Message, endStream: true);
                }

                Turn();
            }
        }

        /// <summary>Everybody's output goes to the other end, until nobody has any.</summary>
        public void Turn()
        {
            _now++;
            while (Move(_client, _front) | Move(_front, _client) | Move(_back, BackendConnection) | Move(BackendConnection, _back))
            {
            }
        }

        public void LetClientConsume()
        {
            if (_stream is { Id: > 0, Unconsumed: > 0 }) _client.Consume(_stream, _stream.Unconsumed);
        }

        private bool Move(Http2Connection from, Http2Connection to)
        {
            if (from.Output.Length == 0) return false;
            var octets = from.Output.Take();
            if (!to.Receive(octets.Span, _now)) throw to.Failure!;
            from.Output.Release();
            from.Pump(_now);
            return true;
        }

        /// <summary>Answers each request when it ends.</summary>
        internal sealed class Answerer(MemoryRelay relay) : QuietHandler
        {
            public List<Http2Stream> Streams { get; } = new(16);

            public override void OnHeaders(Http2Stream stream, HeaderList headers, bool endStream)
            {
                if (!endStream) return;
                Streams.Add(stream);
                relay.BackendConnection.SendHeaders(stream, relay._response, endStream: false);
            }

            public override void OnData(Http2Stream stream, ReadOnlySpan<byte> data, bool endStream)
            {
                relay.BackendConnection.Consume(stream, data.Length);
                if (!endStream) return;
                relay.BackendConnection.SendHeaders(stream, relay._response, endStream: false);
                relay.BackendConnection.SendData(stream, Message, endStream: false);
                relay.BackendConnection.SendTrailers(stream, relay.Trailers);
            }
        }

        private sealed class Caller(MemoryRelay relay) : QuietHandler
        {
            public override void OnData(Http2Stream stream, ReadOnlySpan<byte> data, bool endStream)
            {
                relay.ClientOctets += data.Length;
                if (!relay.HoldBackClient) relay._client.Consume(stream, data.Length);
            }

            public override void OnTrailers(Http2Stream stream, HeaderList trailers)
            {
                // No assertion here: it would allocate.
                if (trailers.Count == 1 && trailers[0].Known == KnownHeader.GrpcStatus) relay.Done++;
            }
        }
    }
}
