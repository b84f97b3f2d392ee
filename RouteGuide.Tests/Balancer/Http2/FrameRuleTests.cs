using RouteGuide.Http2;
using RouteGuide.Http2.Frames;

namespace RouteGuide.Tests.Balancer.Http2;

/// <summary>RFC 9113 sections 3 to 6: preface, framing, streams and each frame type, by octets in and octets out.</summary>
public sealed class FrameRuleTests
{
    private static readonly byte[] Block = Wire.Block(Wire.Request());

    [Fact]
    public void RFC9113_3_4_a_server_sends_its_SETTINGS_first_and_acknowledges_the_clients()
    {
        var server = new TestConnection(Http2Role.Server, handshake: false);
        Assert.Equal(["SETTINGS 3=1024,4=262144,6=32768", "WINDOW_UPDATE 0 4128769"], server.Sent());
        Assert.True(server.Send(Wire.Preface, Wire.Settings()));
        Assert.Equal(["SETTINGS ack"], server.Sent());
    }

    [Fact]
    public void RFC9113_3_4_a_client_sends_the_preface_and_SETTINGS_without_push()
    {
        var client = new TestConnection(Http2Role.Client, handshake: false);
        Assert.Equal(["preface", "SETTINGS 2=0,4=262144,6=32768", "WINDOW_UPDATE 0 4128769"], client.Sent());
    }

    [Fact]
    public void RFC9113_3_4_another_beginning_than_the_preface_is_refused_at_its_first_wrong_octet()
    {
        var server = new TestConnection(Http2Role.Server, handshake: false);
        Assert.True(server.Send("PRI * HTTP/2.0\r\n"u8.ToArray()));
        Assert.False(server.Send("x"u8.ToArray()));
        Assert.Equal(Http2ErrorCode.ProtocolError, server.Failure);
    }

    [Theory]
    [InlineData(Http2Role.Server)]
    [InlineData(Http2Role.Client)]
    internal void RFC9113_3_4_another_frame_before_the_first_SETTINGS_is_refused(Http2Role role)
    {
        foreach (var frame in (byte[][])[Wire.Ping(1), Wire.SettingsAck, Wire.Frame(0x55, 0, 0)])
        {
            var connection = new TestConnection(role, handshake: false);
            Assert.False(connection.Send(role == Http2Role.Server ? Wire.Concat(Wire.Preface, frame) : frame));
            Assert.Equal(Http2ErrorCode.ProtocolError, connection.Failure);
        }
    }

    [Fact]
    public void RFC9113_4_1_frames_of_unknown_type_and_undefined_flags_are_ignored()
    {
        var server = new TestConnection(Http2Role.Server);
        Assert.True(server.Send(Wire.Frame(0xbe, 0xff, 7, 1, 2, 3), Wire.Frame(0x20, 0, 0), Wire.Frame(6, 0xfe, 0, new byte[8])));
        Assert.Equal(["PING 0-0 ack"], server.Sent());
    }

    [Fact]
    public void RFC9113_4_1_the_reserved_bit_is_ignored()
    {
        var server = new TestConnection(Http2Role.Server);
        Assert.True(server.Send(Wire.Frame(6, 0, int.MinValue, new byte[8])));
        Assert.Equal(["PING 0-0 ack"], server.Sent());
    }

    public static TheoryData<string, byte[], string> ConnectionErrors { get; } = new()
    {
        { "4.2 a frame above the announced size", Wire.Frame(0, 0, 1, new byte[16_385]), nameof(Http2ErrorCode.FrameSizeError) },
        { "4.2 HEADERS above the announced size", Wire.Frame(1, 4, 1, new byte[16_385]), nameof(Http2ErrorCode.FrameSizeError) },
        { "4.3 a header block that cannot be decoded", Wire.Frame(1, 4, 1, 0xff), nameof(Http2ErrorCode.CompressionError) },
        { "5.1 DATA on an idle stream", Wire.Data(1, [1]), nameof(Http2ErrorCode.ProtocolError) },
        { "5.1 RST_STREAM on an idle stream", Wire.Reset(1, Http2ErrorCode.Cancel), nameof(Http2ErrorCode.ProtocolError) },
        { "5.1 WINDOW_UPDATE on an idle stream", Wire.WindowUpdate(1, 1), nameof(Http2ErrorCode.ProtocolError) },
        { "5.1 DATA on an even stream", Wire.Data(2, [1]), nameof(Http2ErrorCode.ProtocolError) },
        { "5.1.1 HEADERS on an even stream", Wire.Headers(2, true, Wire.Request()), nameof(Http2ErrorCode.ProtocolError) },
        { "5.1.1 a stream id that is not above the last", Wire.Concat(Wire.Headers(5, true, Wire.Request()), Wire.Headers(3, true, Wire.Request())), nameof(Http2ErrorCode.ProtocolError) },
        { "6.1 DATA on stream 0", Wire.Data(0, [1]), nameof(Http2ErrorCode.ProtocolError) },
        { "6.1 padding as long as the frame", Wire.Concat(Wire.Headers(1, false, Wire.Request()), Wire.Frame(0, 8, 1, 4, 0, 0, 0)), nameof(Http2ErrorCode.ProtocolError) },
        { "6.1 padded without a pad length", Wire.Concat(Wire.Headers(1, false, Wire.Request()), Wire.Frame(0, 8, 1)), nameof(Http2ErrorCode.FrameSizeError) },
        { "6.2 HEADERS on stream 0", Wire.Frame(1, 4, 0, 0x82), nameof(Http2ErrorCode.ProtocolError) },
        { "6.2 padding longer than the block", Wire.Frame(1, 4 | 8, 1, 2, 0x82), nameof(Http2ErrorCode.ProtocolError) },
        { "6.2 padded without a pad length", Wire.Frame(1, 4 | 8, 1), nameof(Http2ErrorCode.FrameSizeError) },
        { "6.2 priority that does not fit", Wire.Frame(1, 4 | 0x20, 1, 0, 0, 0, 0), nameof(Http2ErrorCode.FrameSizeError) },
        { "5.3.1 of RFC 7540 a stream that depends on itself", Wire.Frame(1, 4 | 0x20, 1, [0, 0, 0, 1, 1, .. Block]), nameof(Http2ErrorCode.ProtocolError) },
        { "6.3 PRIORITY on stream 0", Wire.Priority(0, 1), nameof(Http2ErrorCode.ProtocolError) },
        { "6.3 PRIORITY of another size than 5", Wire.Frame(2, 0, 1, 0, 0, 0, 3), nameof(Http2ErrorCode.FrameSizeError) },
        { "6.3 PRIORITY that depends on itself", Wire.Priority(1, 1), nameof(Http2ErrorCode.ProtocolError) },
        { "6.4 RST_STREAM on stream 0", Wire.Reset(0, Http2ErrorCode.Cancel), nameof(Http2ErrorCode.ProtocolError) },
        { "6.4 RST_STREAM of another size than 4", Wire.Frame(3, 0, 1, 0, 0, 0), nameof(Http2ErrorCode.FrameSizeError) },
        { "6.5 SETTINGS on a stream", Wire.Frame(4, 0, 1), nameof(Http2ErrorCode.ProtocolError) },
        { "6.5 SETTINGS that is no multiple of 6", Wire.Frame(4, 0, 0, 0, 1, 0), nameof(Http2ErrorCode.FrameSizeError) },
        { "6.5 an acknowledgement with payload", Wire.Frame(4, 1, 0, 0, 1, 0, 0, 0, 0), nameof(Http2ErrorCode.FrameSizeError) },
        { "6.5 an acknowledgement of nothing", Wire.SettingsAck, nameof(Http2ErrorCode.ProtocolError) },
        { "6.5.2 ENABLE_PUSH of 2", Wire.Settings((SettingId.EnablePush, 2)), nameof(Http2ErrorCode.ProtocolError) },
        { "6.5.2 INITIAL_WINDOW_SIZE above 2^31-1", Wire.Settings((SettingId.InitialWindowSize, 0x8000_0000)), nameof(Http2ErrorCode.FlowControlError) },
        { "6.5.2 MAX_FRAME_SIZE too small", Wire.Settings((SettingId.MaxFrameSize, 16_383)), nameof(Http2ErrorCode.ProtocolError) },
        { "6.5.2 MAX_FRAME_SIZE too large", Wire.Settings((SettingId.MaxFrameSize, 16_777_216)), nameof(Http2ErrorCode.ProtocolError) },
        { "8441 3 ENABLE_CONNECT_PROTOCOL of 2", Wire.Settings((SettingId.EnableConnectProtocol, 2)), nameof(Http2ErrorCode.ProtocolError) },
        { "6.6, 8.4 PUSH_PROMISE from a client", Wire.Frame(5, 4, 1, 0, 0, 0, 2, 0x82), nameof(Http2ErrorCode.ProtocolError) },
        { "6.7 PING on a stream", Wire.Frame(6, 0, 1, new byte[8]), nameof(Http2ErrorCode.ProtocolError) },
        { "6.7 PING of another size than 8", Wire.Frame(6, 0, 0, new byte[7]), nameof(Http2ErrorCode.FrameSizeError) },
        { "6.8 GOAWAY on a stream", Wire.Frame(7, 0, 1, new byte[8]), nameof(Http2ErrorCode.ProtocolError) },
        { "6.8 GOAWAY that is too short", Wire.Frame(7, 0, 0, new byte[7]), nameof(Http2ErrorCode.FrameSizeError) },
        { "6.8 a last id that rises", Wire.Concat(Wire.GoAway(1), Wire.GoAway(3)), nameof(Http2ErrorCode.ProtocolError) },
        { "6.9 WINDOW_UPDATE of another size than 4", Wire.Frame(8, 0, 0, 0, 0, 1), nameof(Http2ErrorCode.FrameSizeError) },
        { "6.9 WINDOW_UPDATE of 0 for the connection", Wire.WindowUpdate(0, 0), nameof(Http2ErrorCode.ProtocolError) },
        { "6.9.1 a connection window above 2^31-1", Wire.WindowUpdate(0, int.MaxValue), nameof(Http2ErrorCode.FlowControlError) },
        { "6.10 CONTINUATION without HEADERS", Wire.Continuation(1, true, 0x82), nameof(Http2ErrorCode.ProtocolError) },
        { "6.10 CONTINUATION on stream 0", Wire.Continuation(0, true, 0x82), nameof(Http2ErrorCode.ProtocolError) },
        { "6.10 CONTINUATION of another stream", Wire.Concat(Wire.Frame(1, 0, 1, 0x82), Wire.Continuation(3, true)), nameof(Http2ErrorCode.ProtocolError) },
        { "6.10 another frame inside a block", Wire.Concat(Wire.Frame(1, 0, 1, 0x82), Wire.Ping(1)), nameof(Http2ErrorCode.ProtocolError) },
        { "6.10 a frame of unknown type inside a block", Wire.Concat(Wire.Frame(1, 0, 1, 0x82), Wire.Frame(0x77, 0, 0)), nameof(Http2ErrorCode.ProtocolError) },
        { "6.10 CONTINUATION after the end of the block", Wire.Concat(Wire.Headers(1, false, Wire.Request()), Wire.Continuation(1, true)), nameof(Http2ErrorCode.ProtocolError) },
        { "5.1 DATA on a stream that has ended", Wire.Concat(Wire.Headers(3, true, Wire.Request()), Wire.Data(1, [1])), nameof(Http2ErrorCode.StreamClosed) },
    };

    [Theory]
    [MemberData(nameof(ConnectionErrors))]
    internal void RFC9113_errors_of_the_connection_are_answered_with_GOAWAY_and_end_it(string rule, byte[] octets, string code)
    {
        var server = new TestConnection(Http2Role.Server);
        Assert.False(server.Send(octets), rule);
        Assert.Equal(code, server.Failure.ToString());
        Assert.Contains(server.Sent(), f => f.StartsWith("GOAWAY", StringComparison.Ordinal) && f.EndsWith($" {code}", StringComparison.Ordinal));
        var events = server.Handler.Events.Count;
        Assert.False(server.Send(Wire.Headers(99, true, Wire.Request())));
        Assert.Equal(events, server.Handler.Events.Count);
    }

    public static TheoryData<string, byte[], string> StreamErrors { get; } = new()
    {
        { "5.1 HEADERS after END_STREAM", Wire.Concat(Wire.Headers(1, true, Wire.Request()), Wire.Headers(1, true)), nameof(Http2ErrorCode.StreamClosed) },
        { "5.1 DATA after END_STREAM", Wire.Concat(Wire.Headers(1, true, Wire.Request()), Wire.Data(1, [1])), nameof(Http2ErrorCode.StreamClosed) },
        { "5.1 HEADERS after RST_STREAM", Wire.Concat(Wire.Headers(1, false, Wire.Request()), Wire.Reset(1, Http2ErrorCode.Cancel), Wire.Headers(1, true)), nameof(Http2ErrorCode.StreamClosed) },
        { "5.1 DATA after RST_STREAM", Wire.Concat(Wire.Headers(1, false, Wire.Request()), Wire.Reset(1, Http2ErrorCode.Cancel), Wire.Data(1, [1])), nameof(Http2ErrorCode.StreamClosed) },
        { "6.9 WINDOW_UPDATE of 0 for a stream", Wire.Concat(Wire.Headers(1, false, Wire.Request()), Wire.WindowUpdate(1, 0)), nameof(Http2ErrorCode.ProtocolError) },
        { "6.9.1 a stream window above 2^31-1", Wire.Concat(Wire.Headers(1, false, Wire.Request()), Wire.WindowUpdate(1, int.MaxValue)), nameof(Http2ErrorCode.FlowControlError) },
    };

    [Theory]
    [MemberData(nameof(StreamErrors))]
    internal void RFC9113_errors_of_a_stream_are_answered_with_RST_STREAM_and_leave_the_connection_alone(string rule, byte[] octets, string code)
    {
        var server = new TestConnection(Http2Role.Server);
        Assert.True(server.Send(octets), rule);
        Assert.Equal([$"RST_STREAM 1 {code}"], server.Sent());
        Assert.Single(server.Handler.Events, "closed 1");
        Assert.True(server.Send(Wire.Headers(3, true, Wire.Request())));
        Assert.Equal(1, server.Connection.StreamCount);
        Assert.Equal(server.Limits.ConnectionWindow, server.ConnectionCredit);
    }

    [Fact]
    public void RFC9113_5_1_a_stream_that_the_peer_reset_and_uses_again_is_reset_once()
    {
        var server = new TestConnection(Http2Role.Server);
        server.Send(Wire.Headers(1, false, Wire.Request()), Wire.Reset(1, Http2ErrorCode.Cancel));
        server.Send(Wire.Data(1, [1]));
        Assert.Equal(["RST_STREAM 1 StreamClosed"], server.Sent());
        server.Send(Wire.Data(1, [1]), Wire.Data(1, [1]));
        Assert.Empty(server.Sent());
        Assert.Equal(server.Limits.ConnectionWindow, server.ConnectionCredit);
    }

    [Fact]
    public void RFC9113_5_1_frames_for_a_stream_that_we_reset_are_ignored_but_counted_and_decoded()
    {
        var server = new TestConnection(Http2Role.Server);
        server.Send(Wire.Headers(1, false, Wire.Request()));
        server.Connection.Reset(server.Handler.Opened[0], Http2ErrorCode.Cancel);
        byte[] insert = [0x40, 1, (byte)'a', 1, (byte)'b'];
        Assert.True(server.Send(Wire.Data(1, [1, 2, 3]), Wire.Frame(1, 5, 1, insert), Wire.Reset(1, Http2ErrorCode.NoError), Wire.WindowUpdate(1, 5), Wire.Priority(1, 3)));
        Assert.Equal(["RST_STREAM 1 Cancel"], server.Sent());
        Assert.Equal(server.Limits.ConnectionWindow, server.ConnectionCredit);
        Assert.True(server.Send(Wire.Frame(1, 5, 3, [.. Block, 0xbe])));
        Assert.EndsWith("|a=b end", server.Handler.Events[^1]);
    }

    [Fact]
    public void RFC9113_5_1_WINDOW_UPDATE_RST_STREAM_and_PRIORITY_on_a_stream_that_has_ended_are_ignored()
    {
        var server = new TestConnection(Http2Role.Server);
        server.Send(Wire.Headers(1, true, Wire.Request()));
        server.Connection.SendHeaders(server.Handler.Opened[0], Wire.List((":status", "200")), endStream: true);
        Assert.True(server.Send(Wire.WindowUpdate(1, 1), Wire.Reset(1, Http2ErrorCode.NoError), Wire.Priority(1, 3)));
        Assert.DoesNotContain(server.Handler.Events, e => e.StartsWith("reset", StringComparison.Ordinal));
    }

    [Fact]
    public void RFC9113_5_1_2_a_stream_beyond_the_limit_is_refused()
    {
        var server = new TestConnection(Http2Role.Server, new Http2Limits { MaxConcurrentStreams = 2 });
        Assert.True(server.Send(Wire.Headers(1, false, Wire.Request()), Wire.Headers(3, true, Wire.Request()), Wire.Headers(5, true, Wire.Request())));
        Assert.Equal(["RST_STREAM 5 RefusedStream"], server.Sent());
        server.Send(Wire.Reset(1, Http2ErrorCode.Cancel), Wire.Headers(7, true, Wire.Request()));
        Assert.Equal(2, server.Connection.StreamCount);
    }

    [Fact]
    public void RFC9113_5_1_2_a_client_opens_no_more_streams_than_the_server_allows()
    {
        var client = new TestConnection(Http2Role.Client, handshake: false);
        client.Send(Wire.Settings((SettingId.MaxConcurrentStreams, 1)));
        var stream = client.Open(end: true);
        Assert.Equal(1, stream.Id);
        Assert.Null(client.Open());
        client.Send(Wire.Headers(1, true, (":status", "200")));
        Assert.Equal(3, client.Open().Id);
    }

    [Fact]
    public void A_stream_that_was_reset_keeps_its_place_until_the_server_answers_a_later_one_or_for_a_second()
    {
        var client = new TestConnection(Http2Role.Client, handshake: false);
        client.Send(Wire.Settings((SettingId.MaxConcurrentStreams, 3)), Wire.SettingsAck);
        client.Connection.Reset(client.Open(), Http2ErrorCode.Cancel);
        Assert.Equal((3, 5), (client.Open().Id, client.Open().Id));
        Assert.Null(client.Open());

        client.Send(Wire.Headers(3, false, (":status", "200")));
        var last = client.Open();
        Assert.Equal(7, last.Id);

        client.Connection.Reset(last, Http2ErrorCode.Cancel);
        Assert.Null(client.Open());
        Assert.True(client.Later(1_000));
        Assert.Equal(9, client.Open().Id);
    }

    [Fact]
    public void RFC9113_5_3_2_priority_is_read_and_ignored()
    {
        var server = new TestConnection(Http2Role.Server);
        Assert.True(server.Send(Wire.Priority(9, 1), Wire.Frame(1, 5 | 0x20 | 8, 1, [3, 0, 0, 0, 7, 200, .. Block, 0, 0, 0])));
        Assert.StartsWith("headers 1 :method=POST", server.Handler.Events[^1]);
        Assert.Empty(server.Sent());
    }

    [Fact]
    public void RFC9113_6_7_a_PING_is_answered_with_its_own_octets_and_our_own_is_reported()
    {
        var server = new TestConnection(Http2Role.Server);
        server.Send(Wire.Ping(0x0000_0001_0000_0002));
        Assert.Equal(["PING 1-2 ack"], server.Sent());
        server.Connection.Ping(77);
        Assert.Equal(["PING 0-77"], server.Sent());
        server.Send(Wire.Ping(77, ack: true));
        Assert.Equal("pong 77", server.Handler.Events[^1]);
    }

    [Fact]
    public void RFC9113_6_10_a_header_block_in_many_frames_is_put_together()
    {
        var server = new TestConnection(Http2Role.Server);
        Assert.True(server.Send(Wire.Frame(1, 1, 1, Block[..10]), Wire.Continuation(1, false, Block[10..11]), Wire.Continuation(1, true, Block[11..])));
        Assert.EndsWith(" end", server.Handler.Events[^1]);
        Assert.StartsWith("headers 1 :method=POST", server.Handler.Events[^1]);
    }

    [Fact]
    public void RFC9113_6_5_a_client_refuses_ENABLE_PUSH_from_a_server_and_PUSH_PROMISE()
    {
        var client = new TestConnection(Http2Role.Client);
        Assert.False(client.Send(Wire.Settings((SettingId.EnablePush, 1))));
        Assert.Equal(Http2ErrorCode.ProtocolError, client.Failure);
        client = new TestConnection(Http2Role.Client);
        client.Open();
        Assert.False(client.Send(Wire.Frame(5, 4, 1, 0, 0, 0, 2, 0x88)));
        Assert.Equal(Http2ErrorCode.ProtocolError, client.Failure);
    }

    [Fact]
    public void RFC9113_5_1_a_client_refuses_frames_on_streams_that_it_did_not_open()
    {
        foreach (var frame in (byte[][])[Wire.Headers(1, false, (":status", "200")), Wire.Headers(2, false, (":status", "200")), Wire.Data(1, []), Wire.Reset(3, 0)])
        {
            var client = new TestConnection(Http2Role.Client);
            Assert.False(client.Send(frame));
            Assert.Equal(Http2ErrorCode.ProtocolError, client.Failure);
        }
    }

    [Fact]
    public void Headers_that_do_not_fit_the_peers_frame_size_continue()
    {
        var client = new TestConnection(Http2Role.Client);
        client.Open(true, ("x-large", new string('x', 40_000)));
        var sent = client.SentRaw();
        Assert.Equal([1, 9, 9], sent.Select(f => (int)f.Header.Type));
        Assert.Equal([1, 0, 4], sent.Select(f => (int)f.Header.Flags));
        Assert.All(sent, f => Assert.InRange(f.Header.Length, 1, 16_384));
        var server = new TestConnection(Http2Role.Server, new Http2Limits { MaxHeaderListSize = 65_536 });
        Assert.True(server.Send([.. sent.SelectMany(f => f.Octets)]));
        Assert.EndsWith("x end", server.Handler.Events[^1]);
    }
}
