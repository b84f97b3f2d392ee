using RouteGuide.Http2;
using RouteGuide.Http2.Frames;

namespace RouteGuide.Tests.Balancer.Http2;

/// <summary>What a hostile peer can repeat cheaply ends in ENHANCE_YOUR_CALM; what a busy honest one does, does not.</summary>
public sealed class FloodTests
{
    private static readonly byte[] Open = Wire.Headers(1, false, Wire.Request());

    public static TheoryData<string, byte[], byte[]> Floods { get; } = new()
    {
        { "PING (CVE-2019-9512)", [], Wire.Ping(1) },
        { "SETTINGS (CVE-2019-9515)", [], Wire.Settings() },
        { "WINDOW_UPDATE for the connection", [], Wire.WindowUpdate(0, 1) },
        { "WINDOW_UPDATE for a stream (CVE-2019-9511)", Open, Wire.WindowUpdate(1, 1) },
        { "PRIORITY (CVE-2019-9513)", [], Wire.Priority(1, 3) },
        { "unknown frames", [], Wire.Frame(0xaa, 0, 0) },
        { "GOAWAY", [], Wire.GoAway(0) },
        { "empty DATA (CVE-2019-9518)", Open, Wire.Data(1, []) },
        { "DATA of one octet", Open, Wire.Data(1, [1]) },
        { "padding", Open, Wire.Data(1, [1], padding: 255) },
        { "DATA for a stream that was reset", Wire.Concat(Open, Wire.WindowUpdate(1, 0)), Wire.Data(1, [1]) },
        { "RST_STREAM for a stream that is gone", Wire.Concat(Open, Wire.WindowUpdate(1, 0)), Wire.Reset(1, Http2ErrorCode.Cancel) },
    };

    [Theory]
    [MemberData(nameof(Floods))]
    public void A_flood_is_cut_off(string what, byte[] before, byte[] frame)
    {
        var server = new TestConnection(Http2Role.Server);
        Assert.True(server.Send(before), what);
        server.Handler.WhenData = server.Connection.Consume;
        byte[] many = [.. Enumerable.Repeat(frame, 1000).SelectMany(f => f)];
        var rounds = 0;
        while (server.Send(many) && rounds < 200)
        {
            rounds++;
            server.Sent();
        }

        Assert.Equal(Http2ErrorCode.EnhanceYourCalm, server.Failure);
        Assert.InRange(rounds, 0, 60);
        Assert.InRange(server.Connection.Output.Length, 1, 64 * 1024);
    }

    [Fact]
    public void Rapid_reset_is_cut_off_CVE_2023_44487()
    {
        var server = new TestConnection(Http2Role.Server);
        var id = 1;
        while (server.Send(Wire.Headers(id, true, Wire.Request()), Wire.Reset(id, Http2ErrorCode.Cancel)) && id < 10_000) id += 2;
        Assert.Equal(Http2ErrorCode.EnhanceYourCalm, server.Failure);
        Assert.InRange(id, 1500, 2100);
    }

    [Fact]
    public void Made_you_reset_is_cut_off_CVE_2025_8671()
    {
        foreach (var provoke in (Func<int, byte[]>[])[id => Wire.WindowUpdate(id, 0), id => Wire.WindowUpdate(id, int.MaxValue), id => Wire.Data(id, [1]), id => Wire.Headers(id, true)])
        {
            var server = new TestConnection(Http2Role.Server);
            var id = 1;
            while (server.Send(Wire.Headers(id, true, Wire.Request()), provoke(id)) && id < 10_000) id += 2;
            Assert.Equal(Http2ErrorCode.EnhanceYourCalm, server.Failure);
            Assert.InRange(id, 300, 600);
        }
    }

    [Fact]
    public void Malformed_requests_are_cut_off()
    {
        var server = new TestConnection(Http2Role.Server);
        var id = 1;
        while (server.Send(Wire.Headers(id, true, ("a", "b"))) && id < 10_000) id += 2;
        Assert.Equal(Http2ErrorCode.EnhanceYourCalm, server.Failure);
    }

    [Fact]
    public void A_CONTINUATION_flood_is_cut_off_by_frames_CVE_2024_27316()
    {
        var server = new TestConnection(Http2Role.Server);
        Assert.True(server.Send(Wire.Frame(1, 0, 1, 0x82)));
        var count = 0;
        while (server.Send(Wire.Continuation(1, false)) && count < 1000) count++;
        Assert.Equal(Http2ErrorCode.EnhanceYourCalm, server.Failure);
        Assert.Equal(server.Limits.MaxContinuations, count);
    }

    [Fact]
    public void A_CONTINUATION_flood_is_cut_off_by_octets()
    {
        var server = new TestConnection(Http2Role.Server);
        Assert.True(server.Send(Wire.Frame(1, 0, 1, new byte[16_384])));
        var count = 0;
        while (server.Send(Wire.Continuation(1, false, new byte[16_384])) && count < 1000) count++;
        Assert.Equal(Http2ErrorCode.EnhanceYourCalm, server.Failure);
        Assert.Equal(3, count);
    }

    [Fact]
    public void Interim_responses_without_end_are_cut_off()
    {
        var client = new TestConnection(Http2Role.Client);
        client.Open();
        var count = 0;
        while (client.Send(Wire.Headers(1, false, (":status", "100"))) && count < 10_000) count++;
        Assert.Equal(Http2ErrorCode.EnhanceYourCalm, client.Failure);
    }

    [Fact]
    public void A_peer_that_makes_us_answer_and_does_not_read_is_given_up()
    {
        var limits = new Http2Limits { OutputHighWater = 1000, OutputPauseReading = 2000, OutputHardLimit = 3000, PingRate = new(1_000_000, 0) };
        var server = new TestConnection(Http2Role.Server, limits);
        server.Send(Wire.Ping(1));
        Assert.False(server.Connection.Output.Take().IsEmpty);
        var count = 0;
        while (server.Send(Wire.Ping(1)) && count < 10_000) count++;
        Assert.Equal(Http2ErrorCode.EnhanceYourCalm, server.Failure);
        Assert.True(server.Connection.PauseReading);
        Assert.InRange(server.Connection.Output.Length, 3000, 3300);
    }

    [Fact]
    public void Dribs_of_credit_pay_for_no_more_of_them()
    {
        var server = new TestConnection(Http2Role.Server, handshake: false);
        server.Send(Wire.Preface, Wire.Settings((SettingId.InitialWindowSize, 0)), Wire.SettingsAck, Wire.Headers(1, true, Wire.Request()));
        server.Connection.SendHeaders(server.Handler.Opened[0], Wire.List((":status", "200")), endStream: false);
        server.Connection.SendData(server.Handler.Opened[0], new byte[100_000], endStream: true);
        var count = 0;
        while (server.Send(Wire.WindowUpdate(1, 1)) && count < 10_000)
        {
            server.Sent();
            count++;
        }

        Assert.Equal(Http2ErrorCode.EnhanceYourCalm, server.Failure);
        Assert.InRange(count, 1_900, 2_100);
    }

    [Fact]
    public void Slow_prefaces_headers_frames_and_acknowledgements_time_out()
    {
        var server = new TestConnection(Http2Role.Server, handshake: false);
        Assert.True(server.Later(9_000));
        Assert.True(server.Send(Wire.Preface[..20]));
        Assert.False(server.Later(2_000));

        server = new TestConnection(Http2Role.Server, handshake: false);
        server.Send(Wire.Preface, Wire.Settings());
        Assert.False(server.Later(10_001));
        Assert.Equal(Http2ErrorCode.SettingsTimeout, server.Failure);

        server = new TestConnection(Http2Role.Server);
        server.Send(Wire.Frame(1, 0, 1, 0x82));
        Assert.True(server.Later(20_000));
        server.Sent();
        server.Send(Wire.Continuation(1, false));
        Assert.False(server.Later(10_001));
        Assert.Equal(Http2ErrorCode.EnhanceYourCalm, server.Failure);

        server = new TestConnection(Http2Role.Server);
        server.Send(Wire.Ping(1)[..12]);
        Assert.True(server.Later(20_000));
        server.Send(Wire.Ping(1)[12..13]);
        Assert.False(server.Later(10_001));
    }

    [Fact]
    public void A_stream_held_on_a_zero_window_is_reset_and_dribs_of_credit_do_not_save_it()
    {
        var server = new TestConnection(Http2Role.Server, handshake: false);
        server.Send(Wire.Preface, Wire.Settings((SettingId.InitialWindowSize, 0)), Wire.SettingsAck, Wire.Headers(1, true, Wire.Request()));
        server.Connection.SendHeaders(server.Handler.Opened[0], Wire.List((":status", "200")), endStream: false);
        server.Connection.SendData(server.Handler.Opened[0], new byte[5000], endStream: true);
        for (var i = 0; i < 5; i++)
        {
            server.Sent();
            Assert.True(server.Later(10_000));
            server.Send(Wire.WindowUpdate(1, 10));
        }

        server.Sent();
        Assert.True(server.Later(11_000));
        Assert.Equal(["RST_STREAM 1 Cancel"], server.Sent());
        Assert.Equal("closed 1", server.Handler.Events[^1]);
    }

    [Fact]
    public void A_connection_held_on_a_zero_window_is_given_up()
    {
        var server = new TestConnection(Http2Role.Server);
        server.Send(Wire.WindowUpdate(1, 1)[..0], Wire.Headers(1, true, Wire.Request()), Wire.WindowUpdate(1, 1_000_000));
        server.Connection.SendHeaders(server.Handler.Opened[0], Wire.List((":status", "200")), endStream: false);
        server.Connection.SendData(server.Handler.Opened[0], new byte[100_000], endStream: true);
        server.Sent();
        Assert.True(server.Later(59_000));
        server.Sent();
        Assert.False(server.Later(2_000));
    }

    [Fact]
    public void Output_that_nobody_reads_times_out()
    {
        var server = new TestConnection(Http2Role.Server);
        server.Send(Wire.Ping(1));
        Assert.True(server.Later(1));
        Assert.True(server.Later(60_000));
        Assert.False(server.Later(1));
    }

    [Fact]
    public void A_target_that_answers_early_and_resets_what_it_did_not_read_is_left_alone()
    {
        var client = new TestConnection(Http2Role.Client);
        for (var call = 0; call < 30_000; call++)
        {
            var stream = client.Open();
            Assert.True(client.Send(Wire.Headers(stream.Id, true, (":status", "200"))));
            client.Connection.Reset(stream, Http2ErrorCode.NoError);
            Assert.True(client.Send(Wire.Reset(stream.Id, Http2ErrorCode.NoError)));
            client.Connection.Output.Take();
            client.Connection.Output.Release();
        }
    }

    [Fact]
    public void A_busy_honest_client_is_left_alone()
    {
        var server = new TestConnection(Http2Role.Server);
        server.Handler.WhenData = server.Connection.Consume;
        var message = new byte[20];
        for (var call = 0; call < 60_000; call++)
        {
            var id = call * 2 + 1;
            // A message and its prefix apart, a PING and credit per call as clients that measure the bandwidth send; one call in ten is cancelled.
            var headers = Wire.Frame(1, 4 | 0x20, id, [0, 0, 0, 0, 16, .. Wire.Block(Wire.Request())]);
            Assert.True(server.Send(headers, Wire.Data(id, message[..5]), Wire.Data(id, message, end: true)));
            if (call % 10 == 0)
            {
                Assert.True(server.Send(Wire.Reset(id, Http2ErrorCode.Cancel)));
                server.Handler.Opened.Clear();
                continue;
            }

            var stream = server.Handler.Opened[0];
            server.Handler.Opened.Clear();
            server.Connection.SendHeaders(stream, Wire.List((":status", "200")), endStream: false);
            server.Connection.SendData(stream, message, endStream: false);
            server.Connection.SendTrailers(stream, Wire.List(("grpc-status", "0")));
            server.Connection.Output.Take();
            server.Connection.Output.Release();
            Assert.True(server.Send(Wire.WindowUpdate(0, 20), Wire.WindowUpdate(id, 20), Wire.Ping(1)));
            server.Connection.Output.Take();
            server.Connection.Output.Release();
        }

        Assert.Null(server.Failure);
    }
}
