using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using RouteGuide.Balancer.Proxy.Stickiness;
using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Routing.Rules;
using RouteGuide.Balancer.Routing.Sources;
using RouteGuide.Tests.Balancer.Http1;
using RouteGuide.Tests.Support;
using static RouteGuide.Tests.Balancer.Rules.Requests;

namespace RouteGuide.Tests.Balancer.Rules;

/// <summary>Clients stay with a target or group as long as it takes calls, and cannot choose one; and who may connect at all.</summary>
public sealed class StickinessTests
{
    private const string Secret = "a secret that two balancers have in common";

    [Fact]
    public void A_cookie_says_what_was_sealed_until_its_time_is_over()
    {
        var time = new ManualTime();
        var seal = new CookieSeal(Secret, time);
        var value = Sealed(seal, CookieKind.Target, 1, 42);
        var duration = TimeSpan.FromSeconds(100);

        Assert.True(new CookieSeal(Secret, time).TryRead(CookieKind.Target, 1, value, duration, out var subject));
        Assert.Equal(42ul, subject);
        time.Advance(TimeSpan.FromSeconds(99));
        Assert.True(seal.TryRead(CookieKind.Target, 1, value, duration, out _));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(seal.TryRead(CookieKind.Target, 1, value, duration, out _));
    }

    [Fact]
    public void A_cookie_cannot_be_forged_nor_used_for_something_else()
    {
        var seal = new CookieSeal(Secret, new ManualTime());
        var value = Sealed(seal, CookieKind.Target, 1, 42);
        var duration = TimeSpan.FromDays(1);

        Assert.False(seal.TryRead(CookieKind.Group, 1, value, duration, out _));
        Assert.False(seal.TryRead(CookieKind.Target, 2, value, duration, out _));
        Assert.False(new CookieSeal(null, new ManualTime()).TryRead(CookieKind.Target, 1, value, duration, out _));
        Assert.False(seal.TryRead(CookieKind.Target, 1, value.AsSpan(1), duration, out _));
        Assert.False(seal.TryRead(CookieKind.Target, 1, [], duration, out _));
        for (var i = 0; i < value.Length; i++)
        {
            byte[] other = [.. value];
            // The last character has two bits that say nothing; those that do are changed.
            other[i] = other[i] == (byte)'A' ? (byte)'Q' : (byte)'A';
            Assert.False(seal.TryRead(CookieKind.Target, 1, other, duration, out _), $"character {i}");
        }
    }

    [Fact]
    public void Cookies_are_found_among_others_and_in_crumbs()
    {
        var headers = List(("cookie", "a=1; AWSALB=x;AWSALBTG=no"), ("cookie", "AWSALB=\"y\""), ("other", "AWSALB=z"));
        var found = new List<string>();
        foreach (var value in new CookieValues(headers, "AWSALB"u8)) found.Add(Encoding.ASCII.GetString(value));

        Assert.Equal(["x", "y"], found);
    }

    [Fact]
    public void Rendezvous_gives_each_target_its_share_and_moves_only_the_keys_of_one_that_goes()
    {
        var targets = Enumerable.Range(0, 5).Select(i => Target($"t{i}", i == 0 ? 2 : 1)).ToArray();
        var before = Enumerable.Range(0, 12_000).Select(k => Rendezvous.Pick(targets, StableHash.OfKey(Encoding.ASCII.GetBytes($"user-{k}")), [])!).ToArray();
        var without = targets[..4];

        // Chi-square with 4 degrees of freedom: 28.5 is one in a hundred thousand, and keys and names are always the same.
        var chi = targets.Sum(t => Math.Pow(before.Count(b => b == t) - (2_000 * t.Weight), 2) / (2_000 * t.Weight));
        Assert.InRange(chi, 0, 28.5);
        for (var k = 0; k < before.Length; k++)
        {
            var now = Rendezvous.Pick(without, StableHash.OfKey(Encoding.ASCII.GetBytes($"user-{k}")), [])!;
            if (before[k] != targets[4]) Assert.Same(before[k], now);
        }

        Assert.NotSame(before[0], Rendezvous.Pick(targets, StableHash.OfKey("user-0"u8), [before[0]]));
        Assert.Null(Rendezvous.Pick(targets, 1, [.. targets]));
    }

    [Fact]
    public async Task Calls_with_the_same_metadata_go_to_the_same_target()
    {
        await using var a = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var b = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await BalancerUnderTest.StartWith([a.Url, b.Url], [.. FrontTests.Listener(), .. Sticky("default", "header", "header.name=X-Session")]);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Named("main"));

        var both = new HashSet<KestrelTarget>();
        for (var session = 0; session < 20; session++)
        {
            var (beforeA, beforeB) = (a.Calls, b.Calls);
            for (var i = 0; i < 4; i++) Assert.Empty((await FrontTests.Call(client, balancer, [("x-session", $"s{session}")])).Cookies);
            Assert.Equal(4, Math.Max(a.Calls - beforeA, b.Calls - beforeB));
            both.Add(a.Calls > beforeA ? a : b);
        }

        Assert.Equal(2, both.Count);
    }

    [Fact]
    public async Task A_client_with_a_cookie_stays_until_its_target_goes_and_gets_another_then()
    {
        await using var a = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var b = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await BalancerUnderTest.StartWith([a.Url, b.Url], [.. FrontTests.Listener(), .. Sticky("default", "lb_cookie", "lb_cookie.duration_seconds=60")]);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Named("main"));

        var set = Assert.Single((await FrontTests.Call(client, balancer, [])).Cookies);
        Assert.Matches("^AWSALB=[A-Za-z0-9_-]{43}; Expires=.* GMT; Max-Age=60; Path=/$", set);
        var first = a.Calls == 1 ? a : b;
        var cookie = set[..set.IndexOf(';', StringComparison.Ordinal)];
        for (var i = 0; i < 7; i++) Assert.Single((await FrontTests.Call(client, balancer, [("cookie", $"x=y; {cookie}")])).Cookies);
        Assert.Equal(8, first.Calls);

        // A cookie that was tampered with is as good as none: its calls go in turns.
        var forged = cookie[..^2] + (cookie[^2] == 'A' ? 'B' : 'A') + cookie[^1];
        for (var i = 0; i < 6; i++) await FrontTests.Call(client, balancer, [("cookie", forged)]);
        Assert.Equal(14, a.Calls + b.Calls);
        Assert.InRange(first.Calls, 10, 12);

        foreach (var entry in balancer.Targets.Current.Entries)
        {
            if (entry.Target.Address.Port == first.Url.Port) balancer.Targets.Drain(entry.Target);
        }

        var before = first.Calls;
        var renewed = Assert.Single((await FrontTests.Call(client, balancer, [("cookie", cookie)])).Cookies);
        Assert.Equal(before, first.Calls);
        Assert.NotEqual(cookie, renewed[..renewed.IndexOf(';', StringComparison.Ordinal)]);
    }

    [Fact]
    public async Task A_session_of_the_application_lasts_as_long_as_its_cookie_and_works_over_http1()
    {
        static Task App(HttpContext context)
        {
            if (context.Request.Path == "/login") context.Response.Headers.SetCookie = "JSESSIONID=abc; Path=/";
            return context.Response.WriteAsync("ok");
        }

        await using var a = await Web.Target(App);
        await using var b = await Web.Target(App);
        await using var balancer = await Web.Balancer([a.Url, b.Url], Sticky("web", "app_cookie", "app_cookie.cookie_name=JSESSIONID"));
        await using var client = await Http1Client.Connect(balancer.Plaintext);

        Assert.Empty((await client.Get("/")).All("Set-Cookie"));
        var (beforeA, beforeB) = (a.Calls, b.Calls);
        var set = (await client.Get("/login")).All("Set-Cookie");
        Assert.Equal(2, set.Length);
        Assert.StartsWith("AWSALBAPP-0=", set[1], StringComparison.Ordinal);
        var own = set[1][..set[1].IndexOf(';', StringComparison.Ordinal)];
        var first = a.Calls > beforeA ? a : b;
        for (var i = 0; i < 6; i++) Assert.Empty((await client.Get("/", fields: $"Cookie: JSESSIONID=abc; {own}\r\n")).All("Set-Cookie"));
        Assert.Equal((first == a ? beforeA : beforeB) + 7, first.Calls);

        // Without the application's own the session is over.
        var before = first.Calls;
        for (var i = 0; i < 4; i++) await client.Get("/", fields: $"Cookie: {own}\r\n");
        Assert.Equal(before + 2, first.Calls);
    }

    [Fact]
    public async Task A_client_stays_with_a_weighted_group()
    {
        await using var a = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var b = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var c = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await FrontTests.Weighted(a, b, c, "1", "1", "1", "DefaultActions:0:ForwardConfig:TargetGroupStickinessConfig:Enabled=true");
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Named("main"));
        var set = Assert.Single((await FrontTests.Call(client, balancer, [])).Cookies);
        Assert.StartsWith("AWSALBTG=", set, StringComparison.Ordinal);

        for (var i = 0; i < 20; i++) await FrontTests.Call(client, balancer, [("cookie", set[..set.IndexOf(';', StringComparison.Ordinal)])]);

        Assert.Equal([0, 0, 21], new[] { a.Calls, b.Calls, c.Calls }.Order());
    }

    [Fact]
    public void Stickiness_names_what_it_needs()
    {
        Assert.Equal("", Problems(new StickinessSettings { Enabled = true }));
        Assert.StartsWith("header.name: ''", Problems(new StickinessSettings { Enabled = true, Type = StickinessType.Header }), StringComparison.Ordinal);
        Assert.StartsWith("app_cookie.cookie_name: 'AWSALBAPP'", Problems(new StickinessSettings { Enabled = true, Type = StickinessType.AppCookie, AppCookieName = "AWSALBAPP" }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "", "10.0.0.1", true)]
    [InlineData("10.0.0.0/8", "", "10.0.0.1", true)]
    [InlineData("10.0.0.0/8", "", "11.0.0.1", false)]
    [InlineData("", "10.0.0.0/8", "10.0.0.1", false)]
    [InlineData("", "10.0.0.0/8", "::ffff:10.0.0.1", false)]
    [InlineData("10.0.0.0/8", "10.9.0.0/16", "10.9.0.1", false)]
    [InlineData("10.0.0.0/8,2001:db8::/32", "10.9.0.0/16", "2001:db8::1", true)]
    public void Who_is_allowed_and_not_denied_may_connect(string allow, string deny, string source, bool admitted)
    {
        static CidrBlock[] Blocks(string text) => [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(t => CidrBlock.TryParse(t, out var block, out _) ? block : throw new FormatException(t))];

        Assert.Equal(admitted, new SourceList(new SourceSettings { Allow = Blocks(allow), Deny = Blocks(deny) }).Admits(IPAddress.Parse(source)));
    }

    [Fact]
    public async Task A_connection_from_a_denied_address_is_closed_before_anything_is_said()
    {
        await using var target = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await BalancerUnderTest.StartWith([target.Url], FrontTests.Listener("Attributes:source.deny:0=127.0.0.0/8"));
        await using var denied = await Http1Client.Connect(balancer.Named("main"));
        await using var other = await Http1Client.Connect(balancer.Tls);

        Assert.True(await denied.HasEnded());
        Assert.Equal(200, (await other.Get("/health")).Status);
    }

    private static string[] Sticky(string group, string type, params IEnumerable<string> more) =>
        [.. more.Prepend($"type={type}").Prepend("enabled=true").Select(s => $"Balancer:TargetGroups:{group}:Attributes:stickiness.{s}")];

    private static byte[] Sealed(CookieSeal seal, CookieKind kind, ulong scope, ulong subject)
    {
        var value = new byte[CookieSeal.Length];
        seal.Write(kind, scope, subject, value);
        return value;
    }

    private static Target Target(string name, int weight)
    {
        Assert.True(TargetAddress.TryParse("http://10.0.0.1:1", out var address, out _));
        return new Target(name, address, leased: true) { Weight = weight };
    }
}
