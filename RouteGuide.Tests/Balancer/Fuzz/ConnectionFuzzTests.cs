using RouteGuide.Http2;
using RouteGuide.Http2.Hpack;
using RouteGuide.Http2.Streams;
using RouteGuide.Tests.Balancer.Http2;
using HpackWire = RouteGuide.Tests.Balancer.Http2.Wire;

namespace RouteGuide.Tests.Balancer.Fuzz;

/// <summary>
/// Either end of a connection against mutated traffic, cut anywhere, with a handler that does anything. No exception may get out, memory
/// stays within its limits, every stream that is reported is closed once, no credit is lost, and what is sent is legal to the end.
/// </summary>
public sealed class ConnectionFuzzTests
{
    [Theory]
    [InlineData(Http2Role.Server)]
    [InlineData(Http2Role.Client)]
    internal async Task Whatever_comes_the_connection_stays_within_its_rules(Http2Role role)
    {
        var (cases, survived) = await FuzzRun.Cases($"{role}", seed => Run(role, new Random(seed)));

        TestContext.Current.TestOutputHelper?.WriteLine($"{cases} cases, {survived} connections survived");
        // Both kinds of runs must be among them, or the mistakes are too many or too few to find anything.
        if (cases >= 200) Assert.InRange(survived, cases / 10, cases * 9 / 10);
    }

    private static bool Run(Http2Role role, Random random)
    {
        var limits = new Http2Limits { StreamWindow = random.Next(2) == 0 ? 262_144 : random.Next(70_000), MaxConcurrentStreams = 40, OutputHighWater = 5_000, OutputPauseReading = 10_000, OutputHardLimit = 60_000 };
        var handler = new WildHandler(random);
        var judge = new OutputJudge(role);
        var connection = new Http2Connection(role, limits, handler, new Http2Resources());
        handler.Connection = connection;
        connection.Start(1);
        if (role == Http2Role.Client) for (var i = 0; i < Traffic.ClientStreams; i++) handler.Opened(connection.OpenStream(HpackWire.List(HpackWire.Request()), random.Next(2) == 0, null)!);

        var octets = new Mutation(role, random).Octets();
        var now = 1L;
        for (var at = 0; at < octets.Length;)
        {
            var end = Math.Min(octets.Length, at + random.Next(1, random.Next(2) == 0 ? 50 : 5_000));
            judge.OnInput(octets.AsSpan(at, end - at));
            if (!connection.Receive(octets.AsSpan(at, end - at), now)) break;
            at = end;
            now += random.Next(20);
            handler.Act();
            if (random.Next(3) == 0) Flush(connection, judge, now);
            if (random.Next(50) == 0) connection.BeginDrain(now, "fuzz"u8.ToArray());
            if (random.Next(20) == 0 && !connection.Tick(now)) break;
            Assert.InRange(connection.StreamCount, 0, limits.MaxConcurrentStreams);
            Assert.InRange(connection.Output.Length, 0, limits.OutputHardLimit + 40_000);
        }

        var survived = connection.Failure is null;
        handler.Connection = null;
        foreach (var stream in handler.Live.ToArray()) connection.Reset(stream, Http2ErrorCode.Cancel);
        if (survived)
        {
            Assert.Equal(0, connection.StreamCount);
            Assert.Equal(limits.ConnectionWindow, connection.ReceiveCredit);
        }

        while (connection.Output.Length > 0) Flush(connection, judge, now);
        judge.OnEnd();
        Assert.Equal(!survived, judge.HasFailed);
        connection.Abandon();
        Assert.Empty(handler.Live);
        Assert.Equal(0, connection.StreamCount);
        Assert.Equal(0, connection.Output.Length);
        return survived;
    }

    private static void Flush(Http2Connection connection, OutputJudge judge, long now)
    {
        judge.OnOutput(connection.Output.Take().Span);
        connection.Output.Release();
        connection.Pump(now);
    }

    /// <summary>Answers, consumes, resets and sends at random, also from inside reports.</summary>
    private sealed class WildHandler(Random random) : QuietHandler
    {
        private readonly HeaderList _status = HpackWire.List((":status", "200"), ("a", "b"));
        private readonly HeaderList _trailers = HpackWire.List(("grpc-status", "0"));
        private readonly HashSet<Http2Stream> _answered = [];

        public Http2Connection? Connection { get; set; }

        public HashSet<Http2Stream> Live { get; } = [];

        public void Opened(Http2Stream stream)
        {
            Assert.True(Live.Add(stream));
            _answered.Add(stream);
        }

        public void Act()
        {
            foreach (var stream in Live.ToArray()) Act(stream);
        }

        public override void OnHeaders(Http2Stream stream, HeaderList headers, bool endStream)
        {
            if (!_answered.Contains(stream)) Assert.True(Live.Add(stream), "a stream is reported twice");
            Assert.True(headers.Count <= 100 && headers.Size <= 32 * 1024);
            Act(stream);
        }

        public override void OnHeadersTooLarge(Http2Stream stream, HeaderList headers, bool endStream) => Assert.True(Live.Add(stream));

        public override void OnData(Http2Stream stream, ReadOnlySpan<byte> data, bool endStream)
        {
            Assert.Contains(stream, Live);
            Act(stream);
        }

        public override void OnTrailers(Http2Stream stream, HeaderList trailers) => Act(stream);

        public override void OnDataSent(Http2Stream stream, int count) => Act(stream);

        public override void OnReset(Http2Stream stream, StreamReset reset) => Assert.Contains(stream, Live);

        public override void OnClosed(Http2Stream stream)
        {
            Assert.True(Live.Remove(stream), "a stream is closed twice");
            _answered.Remove(stream);
        }

        private void Act(Http2Stream stream)
        {
            if (Connection is not { Failure: null } connection || !Live.Contains(stream)) return;
            if (random.Next(2) == 0 && stream.Unconsumed > 0) connection.Consume(stream, random.Next(stream.Unconsumed + 1));
            if (random.Next(40) == 0) connection.Reset(stream, Http2ErrorCode.Cancel);
            if (!Live.Contains(stream) || stream.IsEndGiven) return;
            if (_answered.Add(stream))
            {
                connection.SendHeaders(stream, _status, endStream: random.Next(5) == 0);
                return;
            }

            var dice = random.Next(10);
            if (dice < 5 && stream.PendingLength < 100_000) connection.SendData(stream, new byte[random.Next(3_000)], endStream: dice == 0);
            else if (dice == 5) connection.SendTrailers(stream, _trailers);
        }
    }
}
