using RouteGuide.Http2;
using RouteGuide.Http2.Frames;
using RouteGuide.Tests.Support;
using Frames = RouteGuide.Tests.Balancer.Http2.Wire;

namespace RouteGuide.Tests.Balancer.Abuse;

/// <summary>
/// Attacks over real sockets against the program: each ends as it should for the attacker, the memory of the process stays within a bound,
/// and all calls of an honest client on another connection succeed meanwhile and after.
/// </summary>
public sealed class HostileClientTests(BalancerProcess balancer) : IClassFixture<BalancerProcess>, IAsyncLifetime
{
    private const int MiB = 1024 * 1024;
    private Canary _canary = null!;
    private long _before;

    public static TheoryData<string, byte[], byte[]> Floods { get; } = new()
    {
        { "PING (CVE-2019-9512)", [], Frames.Ping(1) },
        { "SETTINGS (CVE-2019-9515)", [], Frames.Settings() },
        { "SETTINGS that change all windows", Open(1, "Hang"), [.. Frames.Settings((SettingId.InitialWindowSize, 1)), .. Frames.Settings((SettingId.InitialWindowSize, 70_000))] },
        { "WINDOW_UPDATE for the connection", [], Frames.WindowUpdate(0, 1) },
        { "WINDOW_UPDATE for a stream (CVE-2019-9511)", Open(1, "Hang"), Frames.WindowUpdate(1, 1) },
        { "PRIORITY (CVE-2019-9513)", [], Frames.Priority(1, 3) },
        { "unknown frames", [], Frames.Frame(0xaa, 0, 0, new byte[100]) },
        { "GOAWAY", [], Frames.GoAway(0) },
        { "empty DATA (CVE-2019-9518)", Open(1, "Hang"), Frames.Data(1, []) },
        { "DATA of one octet", Open(1, "Hang"), Frames.Data(1, [1]) },
        { "padding", Open(1, "Call"), Frames.Data(1, [1], padding: 255) },
        { "CONTINUATION of nothing (CVE-2024-27316)", Frames.Frame(1, 0, 1, 0x83), Frames.Continuation(1, false) },
        { "CONTINUATION of much", Frames.Frame(1, 0, 1, 0x83), Frames.Continuation(1, false, new byte[16_000]) },
        { "DATA after END_STREAM of a stream that hangs", [.. Frames.Frame(1, 5, 1, Attacker.Request()), .. Frames.WindowUpdate(1, 0)], Frames.Data(1, [1]) },
    };

    public async ValueTask InitializeAsync()
    {
        _canary = await Canary.Fly(balancer);
        _before = balancer.Resident;
    }

    public async ValueTask DisposeAsync()
    {
        await _canary.Sings();
        await _canary.DisposeAsync();
        Assert.Empty(balancer.Complaints);
    }

    [Theory]
    [MemberData(nameof(Floods))]
    public async Task A_flood_is_cut_off_with_ENHANCE_YOUR_CALM(string what, byte[] before, byte[] frame)
    {
        for (var round = 0; round < 5; round++)
        {
            await using var attacker = await Attacker.Begin(balancer.Plaintext);
            await attacker.Send(before);
            var sent = await attacker.Flood(frame, 100 * MiB);
            await attacker.Over();

            Assert.True(attacker.GoAwayCode == Wire.EnhanceYourCalm, $"{what}: GOAWAY {attacker.GoAwayCode} after {sent} octets");
            Assert.InRange(sent, 0, 20 * MiB);
        }

        Grown(48);
    }

    [Fact]
    public async Task Rapid_reset_is_cut_off_and_leaves_nothing_running_CVE_2023_44487()
    {
        for (var round = 0; round < 3; round++)
        {
            await using var attacker = await Attacker.Begin(balancer.Plaintext);
            for (var id = 1; !attacker.IsOver && id < 200_000; id += 200)
            {
                if (!await attacker.Send([.. Enumerable.Range(0, 100).SelectMany(i => (byte[])[.. Open(id + 2 * i, "Hang"), .. Frames.Reset(id + 2 * i, Http2ErrorCode.Cancel)])])) break;
            }

            await attacker.Over();
            Assert.Equal(Wire.EnhanceYourCalm, attacker.GoAwayCode);
        }

        Grown(48);
    }

    [Theory]
    [InlineData("WINDOW_UPDATE of 0")]
    [InlineData("WINDOW_UPDATE that overflows")]
    [InlineData("DATA after END_STREAM")]
    [InlineData("HEADERS after END_STREAM")]
    [InlineData("PRIORITY on itself")]
    public async Task Made_you_reset_is_cut_off_CVE_2025_8671(string what)
    {
        await using var attacker = await Attacker.Begin(balancer.Plaintext);
        var request = Attacker.Request();
        for (var id = 1; !attacker.IsOver && id < 100_000; id += 2)
        {
            var provocation = what switch
            {
                "WINDOW_UPDATE of 0" => Frames.WindowUpdate(id, 0),
                "WINDOW_UPDATE that overflows" => Frames.WindowUpdate(id, int.MaxValue),
                "DATA after END_STREAM" => Frames.Data(id, [1]),
                "HEADERS after END_STREAM" => Frames.Frame(1, 5, id, request),
                _ => Frames.Priority(id, id),
            };
            if (!await attacker.Send([.. Frames.Frame(1, 5, id, request), .. provocation])) break;
        }

        await attacker.Over();

        Assert.Contains(attacker.GoAwayCode, (int[])[Wire.EnhanceYourCalm, Wire.ProtocolError]);
        Assert.InRange(attacker.Resets, 0, 1_000);
        Grown(48);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Thousands_of_references_of_one_octet_with_a_zero_window_hold_nothing_CVE_2026_49975(bool crumbs)
    {
        await using var attacker = await Attacker.Begin(balancer.Plaintext, settings: (SettingId.InitialWindowSize, 0));
        // One entry of the dynamic table (index 62), then references to it: a crumb of a cookie, or a field with a large value.
        var value = new string('x', crumbs ? 1 : 4_000);
        byte[] insert = [.. Attacker.Request(), 0x40, .. Frames.Literal(crumbs ? "cookie" : "x"), .. Frames.Literal(value)];
        byte[] refer = [.. Attacker.Request(), .. Enumerable.Repeat((byte)(0x80 | 62), 8_000)];
        for (var id = 1; id < 6_000; id += 2)
        {
            if (!await attacker.Send(Frames.Frame(1, 5, id, id == 1 ? insert : refer))) break;
        }

        // The refusals (431) wait for a window that never comes, and are given up.
        await Eventually.Until(() => attacker.IsOver || attacker.Resets >= 1_000, "the streams that wait for a window are reset");
        Grown(96);
    }

    [Fact]
    public async Task Header_fields_that_grow_on_their_way_to_the_target_stay_within_the_memory_budget()
    {
        var attackers = new List<Attacker>();
        // x-forwarded-for is put together to one field: seven references to 4,000 octets become 28,000, for streams that hang.
        byte[] insert = [.. Attacker.Request(), 0x40, .. Frames.Literal("x-forwarded-for"), .. Frames.Literal(new string('x', 4_000))];
        byte[] refer = [.. Attacker.Request(), .. Enumerable.Repeat((byte)(0x80 | 62), 7)];
        for (var n = 0; n < 16; n++)
        {
            var attacker = await Attacker.Begin(balancer.Plaintext);
            attackers.Add(attacker);
            for (var id = 1; id < 2_000; id += 2)
            {
                if (!await attacker.Send(Frames.Frame(1, 5, id, id == 1 ? insert : refer))) break;
            }
        }

        await Eventually.Until(() => attackers.Any(a => a.IsOver), "those who hold the most are closed");
        Assert.All(attackers.Where(a => a.IsOver), a => Assert.Equal(Wire.EnhanceYourCalm, a.GoAwayCode));
        // They would be 450 MiB, and twice that to the garbage collector.
        Grown(640);
        foreach (var attacker in attackers) await attacker.DisposeAsync();
    }

    [Fact]
    public async Task Bodies_for_calls_that_hang_stay_within_the_memory_budget()
    {
        var attackers = new List<Attacker>();
        for (var n = 0; n < 8; n++)
        {
            var attacker = await Attacker.Begin(balancer.Plaintext);
            attackers.Add(attacker);
            for (var id = 1; id < 1_000; id += 2)
            {
                if (!await attacker.Send([.. Open(id, "Hang"), .. Frames.Data(id, new byte[16_000])])) break;
            }
        }

        await _canary.Sings();
        Grown(256);
        foreach (var attacker in attackers) await attacker.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Clients_that_do_not_read_hold_up_nobody_and_are_given_up(bool fullSocket)
    {
        // With a window of nothing the DATA waits in the streams; with a huge one in the socket.
        await using var attacker = await Attacker.Begin(balancer.Plaintext, reads: !fullSocket, (SettingId.InitialWindowSize, fullSocket ? int.MaxValue : 0u));
        if (fullSocket) await attacker.Send(Frames.WindowUpdate(0, int.MaxValue - 65_535));
        for (var id = 1; id < 80; id += 2) await attacker.Send(Frames.Frame(1, 5, id, Attacker.Request("Flood")));

        for (var i = 0; i < 5; i++) await _canary.Sings(50);

        Grown(96);
        if (!fullSocket) await Eventually.Until(() => attacker.Resets == 40 || attacker.IsOver, "the streams are reset");
        else await Eventually.Until(async () => !await attacker.Send(Frames.Ping(1)), "the connection is closed");
    }

    [Fact]
    public async Task Slow_bodies_hold_their_streams_and_nothing_else()
    {
        await using var attacker = await Attacker.Begin(balancer.Plaintext);
        for (var id = 1; id < 200; id += 2) await attacker.Send(Open(id, "Call"));
        for (var i = 0; i < 3; i++)
        {
            for (var id = 1; id < 200; id += 2) await attacker.Send(Frames.Data(id, [0]));
            await _canary.Sings();
        }

        Assert.False(attacker.IsOver);
        Grown(48);
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("half a preface")]
    [InlineData("a preface without SETTINGS")]
    [InlineData("SETTINGS without their acknowledgement")]
    [InlineData("half a header block")]
    [InlineData("half a frame")]
    public async Task Who_does_not_go_on_is_disconnected_in_time(string what)
    {
        var attackers = new List<Attacker>();
        for (var n = 0; n < 100; n++)
        {
            var attacker = await Attacker.Connect(balancer.Plaintext);
            attackers.Add(attacker);
            await attacker.Send(what switch
            {
                "nothing" => [],
                "half a preface" => Frames.Preface[..10],
                "a preface without SETTINGS" => Frames.Preface,
                "SETTINGS without their acknowledgement" => [.. Frames.Preface, .. Frames.Settings()],
                "half a header block" => [.. Frames.Preface, .. Frames.Settings(), .. Frames.SettingsAck, .. Frames.Frame(1, 0, 1, new byte[16_000])],
                _ => [.. Frames.Preface, .. Frames.Settings(), .. Frames.SettingsAck, .. Frames.Ping(1)[..12]],
            });
        }

        foreach (var attacker in attackers)
        {
            await attacker.Over();
            await attacker.DisposeAsync();
        }

        Grown(64);
    }

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 22, 3, 1, 64, 0, 1, 0, 63, 252 })] // the beginning of a ClientHello of 16 KiB
    [InlineData(new byte[] { 0x47, 0x45, 0x54, 0x20, 0x2f, 0x0d, 0x0a })]
    public async Task TLS_handshakes_that_never_finish_are_ended_in_time(byte[] beginning)
    {
        var attackers = new List<Attacker>();
        for (var n = 0; n < 100; n++)
        {
            var attacker = await Attacker.Connect(balancer.Tls);
            attackers.Add(attacker);
            await attacker.Send(beginning);
        }

        foreach (var attacker in attackers)
        {
            await attacker.Over();
            await attacker.DisposeAsync();
        }

        Grown(64);
    }

    [Fact]
    public async Task Games_with_the_size_of_tables_get_nowhere()
    {
        await using (var attacker = await Attacker.Begin(balancer.Plaintext))
        {
            // RFC 7541 section 4.2: two updates are all that a block may begin with.
            await attacker.Send(Frames.Frame(1, 5, 1, [.. Enumerable.Repeat((byte)0x20, 1_000), .. Attacker.Request("Call")]));
            await attacker.Over();
            Assert.Equal(9, attacker.GoAwayCode);
        }

        await using (var attacker = await Attacker.Begin(balancer.Plaintext))
        {
            await attacker.Send(Frames.Frame(1, 5, 1, [0x3f, 0xff, 0xff, 0xff, 0x07, .. Attacker.Request("Call")]));
            await attacker.Over();
            Assert.Equal(9, attacker.GoAwayCode);
        }

        // A huge table offered is not taken up: different fields in every answer would fill it.
        await using var greedy = await Attacker.Begin(balancer.Plaintext, settings: (SettingId.HeaderTableSize, uint.MaxValue));
        for (var id = 1; id < 2_000; id += 2) await greedy.Send(Frames.Frame(1, 5, id, Attacker.Request("Call")));
        await _canary.Sings();
        Assert.False(greedy.IsOver);
        Grown(48);
    }

    [Fact]
    public async Task Connections_beyond_the_limit_are_closed_and_those_that_are_there_stay()
    {
        var attackers = new List<Attacker>();
        for (var n = 0; n < BalancerProcess.MaxConnections + 200; n++) attackers.Add(await Attacker.Begin(balancer.Plaintext));
        await Eventually.Until(() => attackers.Count(a => a.IsOver) >= 200, "those beyond the limit are closed");
        await _canary.Sings();
        Assert.InRange(attackers.Count(a => !a.IsOver), BalancerProcess.MaxConnections - 100, BalancerProcess.MaxConnections);
        foreach (var attacker in attackers) await attacker.DisposeAsync();

        await Eventually.Until(
            async () =>
            {
                await using var late = await Attacker.Begin(balancer.Plaintext);
                await late.Send([.. Open(1, "Call"), .. Frames.Data(1, new byte[5], end: true)]);
                await _canary.Sings();
                return !late.IsOver;
            },
            "there is room again");
        Grown(64);
    }

    private static byte[] Open(int id, string method) => Frames.Frame(1, 4, id, Attacker.Request(method));

    private void Grown(int mebibytes) => Assert.InRange(balancer.Resident - _before, long.MinValue, (long)mebibytes * MiB);
}
