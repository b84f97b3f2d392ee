using RouteGuide.Http2;
using RouteGuide.Http2.Frames;
using RouteGuide.Http2.Streams;

namespace RouteGuide.Tests.Balancer.Http2;

/// <summary>Messages on their way: flow control in both directions, order, ends, resets, GOAWAY.</summary>
public sealed class MessageTests
{
    private static readonly (string, string)[] Ok = [(":status", "200")];

    [Fact]
    public void A_call_goes_through_a_server_connection()
    {
        var server = new TestConnection(Http2Role.Server);
        server.Send(Wire.Headers(1, false, Wire.Request()), Wire.Data(1, [1, 2], padding: 5), Wire.Data(1, [3], end: true));
        var stream = server.Handler.Opened[0];
        Assert.Equal(["headers 1 :method=POST|:scheme=https|:path=/routeguide.RouteGuide/GetFeature|:authority=example.com", "data 1 010203", "end 1"], server.Handler.Events.Skip(1));
        Assert.Equal(StreamState.HalfClosedRemote, stream.State);
        server.Connection.SendHeaders(stream, Wire.List(Ok), endStream: false);
        Assert.Equal(4, server.Connection.SendData(stream, new byte[4], endStream: false));
        server.Connection.SendTrailers(stream, Wire.List(("grpc-status", "0")));
        Assert.Equal(["HEADERS 1 :status=200", "DATA 1 4", "HEADERS 1 grpc-status=0 end"], server.Sent());
        Assert.Equal("closed 1", server.Handler.Events[^1]);
        Assert.Equal(0, server.Connection.StreamCount);
    }

    [Fact]
    public void A_call_goes_through_a_client_connection_and_trailers_only_stays_so()
    {
        var client = new TestConnection(Http2Role.Client);
        var stream = client.Open();
        client.Connection.SendData(stream, [1], endStream: true);
        Assert.Equal("DATA 1 1 end", client.Sent()[^1]);
        client.Send(Wire.Headers(1, true, [.. Ok, ("grpc-status", "5")]));
        Assert.Equal(["headers 1 :status=200|grpc-status=5 end", "closed 1"], client.Handler.Events.Skip(1));
    }

    [Fact]
    public void RFC9113_8_1_an_answer_may_end_before_the_request_and_the_rest_be_declined()
    {
        var server = new TestConnection(Http2Role.Server);
        server.Send(Wire.Headers(1, false, Wire.Request()));
        var stream = server.Handler.Opened[0];
        server.Connection.SendHeaders(stream, Wire.List(Ok), endStream: true);
        Assert.Equal(StreamState.HalfClosedLocal, stream.State);
        Assert.True(server.Send(Wire.Data(1, [1])));
        server.Connection.Reset(stream, Http2ErrorCode.NoError);
        Assert.Equal(["HEADERS 1 :status=200 end", "RST_STREAM 1 NoError"], server.Sent());
        Assert.True(server.Send(Wire.Data(1, [1], end: true)));
        Assert.Equal(server.Limits.ConnectionWindow, server.ConnectionCredit);
    }

    [Fact]
    public void RFC9113_6_9_credit_comes_back_when_half_of_the_window_is_consumed_and_not_before()
    {
        var server = new TestConnection(Http2Role.Server, new Http2Limits { StreamWindow = 100_000, ConnectionWindow = 150_000 });
        server.Send(Wire.Headers(1, false, Wire.Request()), Wire.Data(1, new byte[16_000]), Wire.Data(1, new byte[16_000]), Wire.Data(1, new byte[16_000]), Wire.Data(1, new byte[16_000]));
        var stream = server.Handler.Opened[0];
        Assert.Equal(64_000, stream.Unconsumed);
        server.Connection.Consume(stream, 49_999);
        Assert.Empty(server.Sent());
        server.Connection.Consume(stream, 1);
        Assert.Equal(["WINDOW_UPDATE 1 50000"], server.Sent());
        Assert.Throws<ArgumentOutOfRangeException>(() => server.Connection.Consume(stream, 14_001));
        server.Connection.Reset(stream, Http2ErrorCode.Cancel);
        server.Sent();
        Assert.Equal(150_000, server.ConnectionCredit);
    }

    [Fact]
    public void RFC9113_6_9_1_DATA_beyond_a_streams_window_resets_it_and_beyond_the_connections_ends_all()
    {
        var limits = new Http2Limits { StreamWindow = 70_000, ConnectionWindow = 100_000 };
        var server = new TestConnection(Http2Role.Server, limits);
        server.Send(Wire.Headers(1, false, Wire.Request()), Wire.Headers(3, false, Wire.Request()));
        var block = new byte[14_000];
        for (var i = 0; i < 5; i++) Assert.True(server.Send(Wire.Data(1, block)));
        Assert.Empty(server.Sent());
        Assert.True(server.Send(Wire.Data(1, [1])));
        Assert.Contains("RST_STREAM 1 FlowControlError", server.Sent());
        Assert.True(server.Send(Wire.Headers(5, false, Wire.Request())));
        for (var i = 0; i < 5; i++) Assert.True(server.Send(Wire.Data(3, block)));
        Assert.True(server.Send(Wire.Data(5, block), Wire.Data(5, block)));
        Assert.False(server.Send(Wire.Data(5, block)));
        Assert.Equal(Http2ErrorCode.FlowControlError, server.Failure);
    }

    [Fact]
    public void RFC9113_6_9_padding_is_given_back_without_the_handler()
    {
        var server = new TestConnection(Http2Role.Server);
        server.Handler.WhenData = server.Connection.Consume;
        server.Send(Wire.Headers(1, false, Wire.Request()), Wire.Data(1, [1, 2, 3], padding: 200));
        Assert.Equal(0, server.Handler.Opened[0].Unconsumed);
        Assert.Equal(server.Limits.ConnectionWindow, server.ConnectionCredit);
    }

    [Fact]
    public void RFC9113_6_9_what_the_windows_do_not_take_waits_and_trailers_wait_behind_it()
    {
        var server = new TestConnection(Http2Role.Server, handshake: false);
        server.Send(Wire.Preface, Wire.Settings((SettingId.InitialWindowSize, 10)), Wire.SettingsAck, Wire.Headers(1, true, Wire.Request()));
        var stream = server.Handler.Opened[0];
        server.Connection.SendHeaders(stream, Wire.List(Ok), endStream: false);
        Assert.Equal(10, server.Connection.SendData(stream, new byte[25], endStream: false));
        server.Connection.SendTrailers(stream, Wire.List(("grpc-status", "0")));
        Assert.Equal("DATA 1 10", server.Sent()[^1]);
        server.Send(Wire.WindowUpdate(1, 14));
        Assert.Equal(["DATA 1 14"], server.Sent());
        server.Send(Wire.WindowUpdate(1, 1));
        Assert.Equal(["DATA 1 1", "HEADERS 1 grpc-status=0 end"], server.Sent());
        Assert.Equal(["sent 1 14", "sent 1 1", "closed 1"], server.Handler.Events.TakeLast(3));
    }

    [Fact]
    public void RFC9113_6_9_2_a_smaller_initial_window_makes_windows_negative_and_credit_fills_them_first()
    {
        var server = new TestConnection(Http2Role.Server);
        server.Send(Wire.Headers(1, true, Wire.Request()));
        var stream = server.Handler.Opened[0];
        server.Connection.SendHeaders(stream, Wire.List(Ok), endStream: false);
        server.Connection.SendData(stream, new byte[100], endStream: false);
        server.Sent();
        server.Send(Wire.Settings((SettingId.InitialWindowSize, 40)));
        Assert.Equal(0, server.Connection.SendData(stream, new byte[5], endStream: true));
        server.Send(Wire.WindowUpdate(1, 60));
        Assert.Equal(["SETTINGS ack"], server.Sent());
        server.Send(Wire.WindowUpdate(1, 2));
        Assert.Equal(["DATA 1 2"], server.Sent());
        server.Send(Wire.Settings((SettingId.InitialWindowSize, 1000)));
        Assert.Equal(["SETTINGS ack", "DATA 1 3 end"], server.Sent());
    }

    [Fact]
    public void RFC9113_6_9_2_a_larger_initial_window_that_overflows_a_stream_ends_the_connection()
    {
        var server = new TestConnection(Http2Role.Server);
        server.Send(Wire.Headers(1, false, Wire.Request()), Wire.WindowUpdate(1, int.MaxValue - FlowWindow.Default));
        Assert.False(server.Send(Wire.Settings((SettingId.InitialWindowSize, FlowWindow.Default + 1))));
        Assert.Equal(Http2ErrorCode.FlowControlError, server.Failure);
    }

    [Fact]
    public void RFC9113_6_9_2_our_own_smaller_window_binds_the_peer_only_once_acknowledged()
    {
        var server = new TestConnection(Http2Role.Server, new Http2Limits { StreamWindow = 10 }, handshake: false);
        Assert.True(server.Send(Wire.Preface, Wire.Settings(), Wire.Headers(1, false, Wire.Request()), Wire.Data(1, new byte[100])));
        Assert.DoesNotContain(server.Sent(), f => f.StartsWith("RST", StringComparison.Ordinal));
        Assert.True(server.Send(Wire.SettingsAck, Wire.Headers(3, false, Wire.Request()), Wire.Data(3, new byte[11])));
        Assert.Equal(["RST_STREAM 3 FlowControlError"], server.Sent());
    }

    [Fact]
    public void RFC9113_6_9_1_an_end_without_content_needs_no_window()
    {
        var server = new TestConnection(Http2Role.Server, handshake: false);
        server.Send(Wire.Preface, Wire.Settings((SettingId.InitialWindowSize, 0)), Wire.SettingsAck, Wire.Headers(1, true, Wire.Request()));
        var stream = server.Handler.Opened[0];
        server.Connection.SendHeaders(stream, Wire.List(Ok), endStream: false);
        server.Connection.SendData(stream, default, endStream: true);
        Assert.Equal("DATA 1 0 end", server.Sent()[^1]);
    }

    [Fact]
    public void Streams_take_turns_and_DATA_stops_at_the_high_water_mark()
    {
        var server = new TestConnection(Http2Role.Server, new Http2Limits { OutputHighWater = 40_000 });
        server.Send(Wire.Settings((SettingId.InitialWindowSize, 1_000_000)), Wire.WindowUpdate(0, 1_000_000));
        server.Send(Wire.Headers(1, true, Wire.Request()), Wire.Headers(3, true, Wire.Request()));
        server.Sent();
        foreach (var stream in server.Handler.Opened.ToArray())
        {
            server.Connection.SendHeaders(stream, Wire.List(Ok), endStream: false);
            server.Connection.SendData(stream, new byte[100_000], endStream: true);
        }

        Assert.InRange(server.Connection.Output.Length, 40_000, 40_000 + 17_000);
        var order = server.SentRaw().Where(f => f.Header.Type == FrameType.Data).Select(f => f.Header.StreamId).ToList();
        while (server.Connection.StreamCount > 0)
        {
            server.Connection.Pump(2_000);
            order.AddRange(server.SentRaw().Select(f => f.Header.StreamId));
        }

        var turns = string.Concat(order);
        Assert.Contains("1313131", turns);
        Assert.Equal(200_000, server.Handler.Events.Where(e => e.StartsWith("sent", StringComparison.Ordinal)).Sum(e => int.Parse(e.Split(' ')[2])) + 3 * 16_384);
    }

    [Fact]
    public void Sending_after_the_end_or_too_much_is_a_mistake_of_the_caller_that_is_named()
    {
        var server = new TestConnection(Http2Role.Server, new Http2Limits { MaxPendingPerStream = 100_000 });
        server.Send(Wire.Headers(1, false, Wire.Request()), Wire.Headers(3, false, Wire.Request()));
        var (one, three) = (server.Handler.Opened[0], server.Handler.Opened[1]);
        Assert.Throws<InvalidOperationException>(() => server.Connection.SendData(one, [1], endStream: false));
        server.Connection.SendHeaders(one, Wire.List(Ok), endStream: true);
        Assert.Throws<InvalidOperationException>(() => server.Connection.SendTrailers(one, Wire.List()));
        server.Connection.SendHeaders(three, Wire.List(Ok), endStream: false);
        Assert.Throws<InvalidOperationException>(() => server.Connection.SendData(three, new byte[200_000], endStream: false));
    }

    [Fact]
    public void RFC9113_6_4_a_reset_is_reported_with_its_code_and_REFUSED_STREAM_may_be_retried()
    {
        var client = new TestConnection(Http2Role.Client);
        client.Open();
        client.Open();
        client.Send(Wire.Reset(1, Http2ErrorCode.RefusedStream), Wire.Reset(3, (Http2ErrorCode)0x1234));
        Assert.Equal(["reset 1 RefusedStream Peer retry", "closed 1", "reset 3 4660 Peer", "closed 3"], client.Handler.Events.Skip(1));
    }

    [Fact]
    public void RFC9113_6_8_a_server_stops_in_two_steps_and_finishes_what_it_promised()
    {
        var server = new TestConnection(Http2Role.Server);
        server.Send(Wire.Headers(1, true, Wire.Request()));
        server.Connection.BeginDrain(1_000);
        Assert.Equal(["GOAWAY 2147483647 NoError", "PING 1685217641-1852403303"], server.Sent());
        server.Send(Wire.Headers(3, true, Wire.Request()), Wire.Ping(GoAwayExchange.DrainPing, ack: true));
        Assert.Equal(["GOAWAY 3 NoError"], server.Sent());
        server.Send(Wire.Headers(5, false, Wire.Request()), Wire.Data(5, [1]), Wire.Data(5, [], end: true));
        Assert.Empty(server.Sent());
        Assert.Equal(2, server.Handler.Opened.Count);
        Assert.Equal(server.Limits.ConnectionWindow, server.ConnectionCredit);
        Assert.False(server.Connection.IsDrained);
        foreach (var stream in server.Handler.Opened.ToArray()) server.Connection.SendHeaders(stream, Wire.List(Ok), endStream: true);
        Assert.True(server.Connection.IsDrained);
        Assert.False(server.Send(Wire.Data(0, [])));
        Assert.Equal("GOAWAY 3 ProtocolError", server.Sent()[^1]);
    }

    [Fact]
    public void RFC9113_6_8_the_second_step_comes_without_an_answer_too()
    {
        var server = new TestConnection(Http2Role.Server);
        server.Connection.BeginDrain(1_000);
        server.Sent();
        Assert.True(server.Later(1_001));
        Assert.Equal(["GOAWAY 0 NoError"], server.Sent());
        Assert.True(server.Connection.IsDrained);
    }

    [Fact]
    public void RFC9113_6_8_a_client_retries_streams_above_the_last_id_finishes_the_others_and_opens_none()
    {
        var client = new TestConnection(Http2Role.Client);
        for (var i = 0; i < 3; i++) client.Open(true);
        client.Send(Wire.GoAway(int.MaxValue));
        Assert.Null(client.Open());
        client.Send(Wire.GoAway(1, Http2ErrorCode.NoError, "max_age"));
        Assert.Equal(
            ["goaway 2147483647 NoError ", "goaway 1 NoError max_age"],
            client.Handler.Events.Where(e => e.StartsWith("goaway", StringComparison.Ordinal)));
        foreach (var id in (int[])[3, 5])
        {
            Assert.Contains($"reset {id} NoError Connection retry", client.Handler.Events);
            Assert.Contains($"closed {id}", client.Handler.Events);
        }

        Assert.True(client.Connection.IsPeerGone);
        Assert.True(client.Send(Wire.Headers(1, true, Ok)));
        Assert.Equal("closed 1", client.Handler.Events[^1]);
    }

    [Fact]
    public void A_lost_connection_reports_every_stream_and_takes_back_all_memory()
    {
        var server = new TestConnection(Http2Role.Server);
        server.Send(Wire.Headers(1, true, Wire.Request()), Wire.Headers(3, false, Wire.Request()), Wire.Data(3, [1]));
        server.Connection.Abandon();
        Assert.Equal(["closed 1", "closed 3", "reset 1 Cancel Connection", "reset 3 Cancel Connection"], server.Handler.Events.Skip(4).Order());
        Assert.Equal(0, server.Connection.StreamCount);
        Assert.Equal(0, server.Connection.Output.Length);
        Assert.False(server.Send(Wire.Ping(1)));
        server.Connection.Abandon();
    }

    [Fact]
    public void A_handler_may_reset_a_stream_in_the_middle_of_its_DATA()
    {
        var server = new TestConnection(Http2Role.Server);
        server.Handler.WhenData = (stream, _) => server.Connection.Reset(stream, Http2ErrorCode.Cancel);
        server.Send(Wire.Headers(1, false, Wire.Request()));
        var data = Wire.Data(1, new byte[1000], end: true);
        Assert.True(server.Send(data[..500]));
        Assert.True(server.Send(data[500..]));
        Assert.Equal(["RST_STREAM 1 Cancel"], server.Sent());
        Assert.Single(server.Handler.Events, e => e.StartsWith("data", StringComparison.Ordinal));
        Assert.Equal(server.Limits.ConnectionWindow, server.ConnectionCredit);
    }

    [Fact]
    public void The_output_is_announced_once_per_flush_and_taken_one_array_at_a_time()
    {
        var server = new TestConnection(Http2Role.Server);
        var before = server.Handler.Outputs;
        server.Send(Wire.Ping(1), Wire.Ping(2));
        Assert.Equal(before + 1, server.Handler.Outputs);
        Assert.Equal(34, server.Connection.Output.Take().Length);
        server.Send(Wire.Ping(3));
        Assert.Equal(before + 2, server.Handler.Outputs);
        Assert.Throws<InvalidOperationException>(() => server.Connection.Output.Take());
        server.Connection.Output.Release();
        Assert.Equal(17, server.Connection.Output.Take().Length);
    }
}
