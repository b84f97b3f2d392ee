using System.Globalization;
using System.Net;
using System.Text;
using RouteGuide.Balancer.Proxy;
using RouteGuide.Balancer.Proxy.Calls;
using RouteGuide.Http2.Hpack;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Calls;

/// <summary>So many calls a second, per client, per value of a field, or in all.</summary>
public sealed class RateLimitTests
{
    private static readonly IPAddress From = IPAddress.Parse("192.0.2.1");

    [Fact]
    public async Task Calls_beyond_the_burst_are_RESOURCE_EXHAUSTED_with_the_time_to_come_back()
    {
        await using var target = Answers.Well();
        await using var engine = await CallEngine.Start(Of(2, burst: 3), target.Url);
        await using var client = await engine.Connect();

        for (var i = 0; i < 3; i++) Assert.Equal("0", (await Ended(engine, client)).GrpcStatus);
        var refused = await Ended(engine, client);
        Assert.Equal(("8", true), (refused.GrpcStatus, refused.IsTrailersOnly));
        Assert.InRange(int.Parse(refused.Trailer("grpc-retry-pushback-ms")!, CultureInfo.InvariantCulture), 1, 500);
        var web = await client.OpenAsync(Wire.Request(engine.Url, fields: ("content-type", "text/plain")), end: true);
        await web.Ended();
        Assert.Equal(("429", "1"), (web.HttpStatus, web.Header("retry-after")));

        await engine.Pass(500, client);
        Assert.Equal("0", (await Ended(engine, client)).GrpcStatus);
        Assert.Equal("8", (await Ended(engine, client)).GrpcStatus);

        Assert.Equal(4, target.Calls.Count);
        Assert.Equal(3, engine.Reports.Count(r => r.End == ExchangeEnd.RateLimited));
    }

    [Fact]
    public async Task Each_value_of_a_field_counts_for_itself()
    {
        await using var target = Answers.Well();
        Assert.True(RateLimitKey.TryParse("header:X-Tenant", out var key, out _));
        await using var engine = await CallEngine.Start(new CallSettings { RateLimit = new RateLimitSettings { RequestsPerSecond = 1, Key = key } }, target.Url);
        await using var client = await engine.Connect();

        foreach (var tenant in (string[])["a", "b", "c"])
        {
            Assert.Equal("0", (await Ended(engine, client, ("x-tenant", tenant))).GrpcStatus);
            Assert.Equal("8", (await Ended(engine, client, ("x-tenant", tenant))).GrpcStatus);
        }

        // Those without it are one.
        Assert.Equal("0", (await Ended(engine, client)).GrpcStatus);
        Assert.Equal("8", (await Ended(engine, client)).GrpcStatus);
    }

    [Fact]
    public async Task Other_connections_of_the_same_address_count_too()
    {
        await using var target = Answers.Well();
        await using var engine = await CallEngine.StartWith(Of(1, burst: 2), null, [target.Url], loops: 2);
        var answers = new List<string?>();

        for (var i = 0; i < 4; i++)
        {
            await using var client = await engine.Connect();
            answers.Add((await Ended(engine, client)).GrpcStatus);
        }

        Assert.Equal(["0", "0", "8", "8"], answers);
    }

    [Fact]
    public void Over_any_time_as_many_come_through_as_the_rate_and_the_burst_allow()
    {
        var time = new ManualTime();
        var limiter = new RateLimiter(new RateLimitSettings { RequestsPerSecond = 7.5, Burst = 10 }, time);
        var random = new Random(1);
        var (taken, passed) = (0, TimeSpan.Zero);

        for (var i = 0; i < 10_000; i++)
        {
            var wait = limiter.Take(1, time.GetTimestamp());
            if (wait == 0) taken++;
            var by = TimeSpan.FromMilliseconds(wait > 0 && random.Next(2) == 0 ? wait : random.Next(200));
            // What it says is true: then one comes through.
            time.Advance(by);
            passed += by;
            if (wait > 0 && by.TotalMilliseconds >= wait)
            {
                Assert.Equal(0, limiter.Take(1, time.GetTimestamp()));
                taken++;
            }
        }

        Assert.InRange(taken, passed.TotalSeconds * 7.5 * 0.9, passed.TotalSeconds * 7.5 + 10);
    }

    [Fact]
    public void A_flood_of_keys_does_not_lift_the_limit_of_those_that_are_over_it_and_takes_no_memory()
    {
        var time = new ManualTime();
        var limiter = new RateLimiter(new RateLimitSettings { RequestsPerSecond = 0.01, Burst = 5 }, time);
        var headers = new HeaderList();
        var victim = limiter.KeyOf(headers, From);
        for (var i = 0; i < 5; i++) Assert.Equal(0, limiter.Take(victim, time.GetTimestamp()));
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0UL; i < RateLimiter.MaxKeys * 2; i++) limiter.Take(KeyedHash.Of(BitConverter.GetBytes(i)), time.GetTimestamp());

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, RateLimiter.MaxKeys * 2 * 40L);
        Assert.True(limiter.Take(victim, time.GetTimestamp()) > 0, "who owes most is forgotten last");
    }

    [Fact]
    public void Addresses_are_told_apart_and_one_host_of_IPv6_is_one()
    {
        var limiter = new RateLimiter(new RateLimitSettings { RequestsPerSecond = 1 }, new ManualTime());
        var headers = new HeaderList();

        Assert.NotEqual(Key("192.0.2.1"), Key("192.0.2.2"));
        Assert.Equal(Key("192.0.2.1"), Key("::ffff:192.0.2.1"));
        Assert.Equal(Key("2001:db8:0:1::1"), Key("2001:db8:0:1:ffff::2"));
        Assert.NotEqual(Key("2001:db8:0:1::1"), Key("2001:db8:0:2::1"));

        ulong Key(string address) => limiter.KeyOf(headers, IPAddress.Parse(address));
    }

    [Theory]
    [InlineData("rule", "rule")]
    [InlineData("SOURCE_IP", "source_ip")]
    [InlineData("header:X-Key", "header:x-key")]
    [InlineData("header:", null)]
    [InlineData("header:a b", null)]
    [InlineData("ip", null)]
    public void Keys_are_read(string text, string? read)
    {
        Assert.Equal(read is not null, RateLimitKey.TryParse(text, out var key, out _));
        Assert.Equal(read, key?.ToString());
    }

    [Fact]
    public void The_keyed_hash_is_of_all_octets()
    {
        var octets = Encoding.ASCII.GetBytes("0123456789abcdef0123");
        var seen = new HashSet<ulong>();

        for (var length = 0; length <= octets.Length; length++) Assert.True(seen.Add(KeyedHash.Of(octets.AsSpan(0, length))));
        for (var i = 0; i < octets.Length; i++)
        {
            octets[i] ^= 0x80;
            Assert.True(seen.Add(KeyedHash.Of(octets)));
            octets[i] ^= 0x80;
        }

        Assert.False(seen.Add(KeyedHash.Of(octets)));
    }

    private static CallSettings Of(double perSecond, int burst) => new() { RateLimit = new RateLimitSettings { RequestsPerSecond = perSecond, Burst = burst } };

    private static async Task<RawHttp2Stream> Ended(CallEngine engine, RawHttp2Connection client, params (string Name, string Value)[] fields)
    {
        var call = await engine.Call(client, fields);
        await call.Ended();
        return call;
    }
}
