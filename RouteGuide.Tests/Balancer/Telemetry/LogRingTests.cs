using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using RouteGuide.Balancer.Proxy;
using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Telemetry.AccessLogs;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Telemetry;

/// <summary>What a loop gives to the log never waits for it: it is there in its order, or counted as lost.</summary>
public sealed class LogRingTests
{
    private static readonly ClientOrigin Origin = new(new IPEndPoint(IPAddress.Loopback, 1), new IPEndPoint(IPAddress.Loopback, 2), isTls: false, []);

    [Fact]
    public void What_finds_no_room_is_lost_and_counted()
    {
        var ring = new LogRing(records: 8, octets: 1024);
        var written = Enumerable.Range(0, 20).Count(i => ring.TryWrite(Report($"/{i}")));
        Assert.Equal((8, 12), (written, ring.Lost));
        Assert.Equal(Enumerable.Range(0, 8).Select(i => $"/{i}"), Paths(ring));
        Assert.True(ring.TryWrite(Report("/again")));
        Assert.Equal(["/again"], Paths(ring));
    }

    [Fact]
    public void Texts_of_any_length_come_out_as_they_went_in_or_not_at_all()
    {
        var ring = new LogRing(records: 64, octets: 1024);
        var random = new Random(1);
        var (expected, lost) = (new Queue<string>(), 0L);
        for (var round = 0; round < 2_000; round++)
        {
            var path = $"/{round}/" + new string((char)('a' + round % 26), random.Next(400));
            if (ring.TryWrite(Report(path))) expected.Enqueue(path);
            else lost++;
            if (random.Next(3) > 0) continue;
            Assert.Equal(expected, Paths(ring));
            expected.Clear();
        }

        Assert.Equal(lost, ring.Lost);
        Assert.True(lost > 0);
    }

    [Fact]
    public async Task A_writer_that_hangs_costs_lines_and_tells_of_them_when_it_goes_on()
    {
        var folder = Directory.CreateTempSubdirectory("stalled");
        try
        {
            var path = Path.Combine(folder.FullName, "log");
            using var hang = new ManualResetEventSlim(initialState: false);
            using (var log = new AccessLog("app/test", new AccessLogSettings { Enabled = true, Path = path }, TimeProvider.System, NullLogger<AccessLog>.Instance, p =>
            {
                hang.Wait();
                return new LogFile(p);
            }, () => new LogRing(records: 4, octets: 4096)))
            {
                for (var i = 0; i < 10; i++) log.Write(1, Report($"/{i}"));
                Assert.Equal(6, log.Lost);
                hang.Set();
                await Eventually.Until(() => LogLines.Of(path).Length >= 5, "the lines are written");
            }

            var lines = LogLines.Of(path);
            Assert.Equal(5, lines.Length);
            Assert.Equal(["/0", "/1", "/2", "/3"], lines.Take(4).Select(l => LogLines.Parse(l)["request"].Split(' ')[1][^2..]));
            Assert.Matches(@"^lost \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z 6$", lines[4]);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void What_is_there_at_the_end_is_written()
    {
        var folder = Directory.CreateTempSubdirectory("ending");
        try
        {
            var path = Path.Combine(folder.FullName, "log");
            using (var log = new AccessLog("app/test", new AccessLogSettings { Enabled = true, Path = path }, TimeProvider.System, NullLogger<AccessLog>.Instance))
            {
                for (var i = 0; i < 100; i++) log.Write(i % 3, Report($"/{i}"));
            }

            Assert.Equal(100, LogLines.Of(path).Length);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static ExchangeReport Report(string path) => new() { Client = Origin, Type = CallType.Http, End = ExchangeEnd.Refused, Method = "GET", Path = path };

    private static List<string> Paths(LogRing ring)
    {
        var paths = new List<string>();
        ring.Read((in AccessRecord record, ReadOnlySpan<byte> texts) => paths.Add(System.Text.Encoding.ASCII.GetString(texts[record.Lengths[0]..(record.Lengths[0] + record.Lengths[1])])));
        return paths;
    }
}
