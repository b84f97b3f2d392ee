using RouteGuide.Balancer.Http2;
using RouteGuide.Balancer.Http2.Hpack;
using RouteGuide.Balancer.Http2.Streams;

namespace RouteGuide.Tests.Balancer.Http2;

/// <summary>
/// Legal traffic with mistakes in it, cut anywhere, against a handler that does anything. No exception may get out, memory stays within
/// its limits, every stream that is reported is closed once, and no credit is lost. The seed of a failure is in its message. The number of
/// runs is 3,000 per role, or what ROUTEGUIDE_FUZZ_RUNS says.
/// </summary>
public sealed class FuzzTests
{
    private static readonly int Runs = int.TryParse(Environment.GetEnvironmentVariable("ROUTEGUIDE_FUZZ_RUNS"), out var runs) ? runs : 3_000;

    [Theory]
    [InlineData(Http2Role.Server)]
    [InlineData(Http2Role.Client)]
    internal void Whatever_comes_the_connection_stays_within_its_rules(Http2Role role)
    {
        var failures = 0;
        for (var seed = 0; seed < Runs; seed++)
        {
            try
            {
                if (!Run(role, new Random(seed))) failures++;
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"{role}, seed {seed}: {e.Message}", e);
            }
        }

        // Both kinds of runs must be among them, or the mistakes are too many or too few to find anything.
        Assert.InRange(failures, Runs / 10, Runs * 9 / 10);
    }

    private static bool Run(Http2Role role, Random random)
    {
        var limits = new Http2Limits { StreamWindow = random.Next(2) == 0 ? 262_144 : random.Next(70_000), MaxConcurrentStreams = 40, OutputHighWater = 5_000, OutputPauseReading = 10_000, OutputHardLimit = 60_000 };
        var handler = new WildHandler(random);
        var connection = new Http2Connection(role, limits, handler, new Http2Resources());
        handler.Connection = connection;
        connection.Start(1);
        if (role == Http2Role.Client) for (var i = 0; i < Traffic.ClientStreams; i++) handler.Opened(connection.OpenStream(Wire.List(Wire.Request()), random.Next(2) == 0, null)!);

        var octets = Spoil(new Traffic(role, random).Make(steps: random.Next(10, 150)), random);
        var now = 1L;
        for (var at = 0; at < octets.Length;)
        {
            var end = Math.Min(octets.Length, at + random.Next(1, random.Next(2) == 0 ? 50 : 5_000));
            if (!connection.Receive(octets.AsSpan(at, end - at), now)) break;
            at = end;
            now += random.Next(20);
            handler.Act();
            if (random.Next(3) == 0)
            {
                connection.Output.Take();
                connection.Output.Release();
                connection.Pump(now);
            }

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

        connection.Abandon();
        Assert.Empty(handler.Live);
        Assert.Equal(0, connection.StreamCount);
        Assert.Equal(0, connection.Output.Length);
        return survived;
    }

    private static byte[] Spoil(List<byte[]> frames, Random random)
    {
        for (var mistakes = random.Next(3); mistakes > 0; mistakes--)
        {
            var at = random.Next(1, frames.Count);
            var frame = frames[at];
            if (frame.Length == 0) continue; // cut away before
            switch (random.Next(6))
            {
                case 0:
                    frame[random.Next(frame.Length)] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    frames.RemoveAt(at);
                    break;
                case 2:
                    frames.Insert(at, frame);
                    break;
                case 3:
                    var other = random.Next(1, frames.Count);
                    (frames[at], frames[other]) = (frames[other], frame);
                    break;
                case 4:
                    frames[at] = frame[..random.Next(frame.Length)];
                    break;
                case 5:
                    var noise = new byte[random.Next(40)];
                    random.NextBytes(noise);
                    frames.Insert(at, Wire.Frame(random.Next(10), random.Next(256), random.Next(20), noise));
                    break;
            }
        }

        return [.. frames.SelectMany(f => f)];
    }

    /// <summary>Answers, consumes, resets and sends at random, also from inside reports.</summary>
    private sealed class WildHandler(Random random) : QuietHandler
    {
        private readonly HeaderList _status = Wire.List((":status", "200"), ("a", "b"));
        private readonly HeaderList _trailers = Wire.List(("grpc-status", "0"));
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

        public override void OnHeadersTooLarge(Http2Stream stream, bool endStream) => Assert.True(Live.Add(stream));

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
