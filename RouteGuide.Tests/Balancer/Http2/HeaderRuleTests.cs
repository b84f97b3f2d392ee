using RouteGuide.Http2;

namespace RouteGuide.Tests.Balancer.Http2;

/// <summary>RFC 9113 section 8: messages that are malformed are stream errors of type PROTOCOL_ERROR; the others get through as they are.</summary>
public sealed class HeaderRuleTests
{
    private static readonly (string, string)[] Get = [(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "example.com")];

    public static TheoryData<string, string> MalformedRequests { get; } = new()
    {
        { "8.2.1 an upper-case name", ":method=GET|:scheme=https|:path=/|X-Name=1" },
        { "8.2.1 an empty name", ":method=GET|:scheme=https|:path=/|=1" },
        { "8.2.1 a space in a name", ":method=GET|:scheme=https|:path=/|a b=1" },
        { "8.2.1 a colon in a name", ":method=GET|:scheme=https|:path=/|a:b=1" },
        { "8.2.1 a control character in a name", ":method=GET|:scheme=https|:path=/|a\u0001=1" },
        { "8.2.1 an octet above 7f in a name", ":method=GET|:scheme=https|:path=/|a\u00e9=1" },
        { "8.2.1 CR in a value", ":method=GET|:scheme=https|:path=/|a=b\rc" },
        { "8.2.1 LF in a value", ":method=GET|:scheme=https|:path=/|a=b\nc" },
        { "8.2.1 NUL in a value", ":method=GET|:scheme=https|:path=/|a=b\0c" },
        { "8.2.1 white space before a value", ":method=GET|:scheme=https|:path=/|a= b" },
        { "8.2.1 white space after a value", ":method=GET|:scheme=https|:path=/|a=b\t" },
        { "8.2.2 connection", ":method=GET|:scheme=https|:path=/|connection=close" },
        { "8.2.2 keep-alive", ":method=GET|:scheme=https|:path=/|keep-alive=1" },
        { "8.2.2 proxy-connection", ":method=GET|:scheme=https|:path=/|proxy-connection=1" },
        { "8.2.2 transfer-encoding", ":method=GET|:scheme=https|:path=/|transfer-encoding=chunked" },
        { "8.2.2 upgrade", ":method=GET|:scheme=https|:path=/|upgrade=h2c" },
        { "8.2.2 te other than trailers", ":method=GET|:scheme=https|:path=/|te=trailers, gzip" },
        { "8.3 a pseudo-header field after a regular one", ":method=GET|:scheme=https|a=1|:path=/" },
        { "8.3 an unknown pseudo-header field", ":method=GET|:scheme=https|:path=/|:unknown=1" },
        { "8.3 a response's pseudo-header field", ":method=GET|:scheme=https|:path=/|:status=200" },
        { "8.3.1 :method twice", ":method=GET|:method=GET|:scheme=https|:path=/" },
        { "8.3.1 :path twice", ":method=GET|:scheme=https|:path=/|:path=/a" },
        { "8.3.1 no :method", ":scheme=https|:path=/" },
        { "8.3.1 no :scheme", ":method=GET|:path=/" },
        { "8.3.1 no :path", ":method=GET|:scheme=https" },
        { "8.3.1 an empty :path", ":method=GET|:scheme=https|:path=" },
        { "8.3.1 a :path without slash", ":method=GET|:scheme=https|:path=a" },
        { "8.3.1 * that is not of OPTIONS", ":method=GET|:scheme=https|:path=*" },
        { "8.3.1 a space in :path", ":method=GET|:scheme=https|:path=/a HTTP/1.1" },
        { "8.3.1 user information in :authority", ":method=GET|:scheme=https|:path=/|:authority=user@example.com" },
        { "8.3.1 a Host that contradicts", ":method=GET|:scheme=https|:path=/|:authority=example.com|host=example.org" },
        { "8.3.1 a :method that is no token", ":method=G T|:scheme=https|:path=/" },
        { "8.3.1 a :scheme that is none", ":method=GET|:scheme=ht/tp|:path=/" },
        { "8.5 CONNECT with :path", ":method=CONNECT|:authority=a:1|:path=/" },
        { "8.5 CONNECT without :authority", ":method=CONNECT" },
        { "8441 4 extended CONNECT, which was not offered", ":method=CONNECT|:protocol=websocket|:scheme=https|:path=/|:authority=a" },
        { "9110 8.6 a content-length that is no number", ":method=POST|:scheme=https|:path=/|content-length=+1" },
        { "9110 8.6 two that differ", ":method=POST|:scheme=https|:path=/|content-length=1|content-length=2" },
        { "8.1.1 content-length of a request that has ended", ":method=POST|:scheme=https|:path=/|content-length=1" },
    };

    [Theory]
    [MemberData(nameof(MalformedRequests))]
    public void RFC9113_8_a_malformed_request_is_reset_and_never_reported(string rule, string fields)
    {
        var server = new TestConnection(Http2Role.Server);
        Assert.True(server.Send(Wire.Headers(1, true, Fields(fields))), rule);
        Assert.Equal(["RST_STREAM 1 ProtocolError"], server.Sent());
        Assert.DoesNotContain(server.Handler.Events, e => e.Contains(" 1"));
        Assert.Equal(0, server.Connection.StreamCount);
        Assert.True(server.Send(Wire.Headers(3, true, Get)));
        Assert.Equal(1, server.Connection.StreamCount);
    }

    [Theory]
    [InlineData(":method=GET|:scheme=https|:path=/")] // 8.3.1: :authority is optional
    [InlineData(":method=OPTIONS|:scheme=https|:path=*|:authority=a")]
    [InlineData(":method=CONNECT|:authority=example.com:443")]
    [InlineData(":method=POST|:scheme=https|:path=/a/b?c=d|:authority=a|te=trailers|content-type=application/grpc")]
    [InlineData(":method=GET|:scheme=https|:path=/|cookie=a=1|cookie=b=2|x=")] // 8.2.3: crumbs
    [InlineData(":method=GET|:scheme=https|:path=/|:authority=Example.com|host=example.com")]
    [InlineData(":method=GET|:scheme=https|:path=/|a=\u00fc b\tc")]
    [InlineData(":method=POST|:scheme=https|:path=/|content-length=0|content-length=0")]
    public void RFC9113_8_a_well_formed_request_is_reported_as_it_is(string fields)
    {
        var server = new TestConnection(Http2Role.Server);
        Assert.True(server.Send(Wire.Headers(1, true, Fields(fields))));
        Assert.Equal($"headers 1 {fields} end", server.Handler.Events[^1]);
    }

    public static TheoryData<string, string> MalformedResponses { get; } = new()
    {
        { "8.3.2 no :status", "a=1" },
        { "8.3.2 :status twice", ":status=200|:status=200" },
        { "8.3.2 two digits", ":status=20" },
        { "8.3.2 no digits", ":status=2x0" },
        { "8.3.2 beyond 599", ":status=600" },
        { "8.6 switching protocols", ":status=101" },
        { "8.3 a request's pseudo-header field", ":status=200|:path=/" },
        { "8.3 a pseudo-header field after a regular one", "a=1|:status=200" },
        { "8.2.2 connection", ":status=200|connection=close" },
        { "8.2.1 a bad value", ":status=200|a=\r" },
        { "9110 8.6 content-length", ":status=200|content-length=x" },
    };

    [Theory]
    [MemberData(nameof(MalformedResponses))]
    public void RFC9113_8_a_malformed_response_is_reset_and_its_headers_are_not_reported(string rule, string fields)
    {
        var client = new TestConnection(Http2Role.Client);
        client.Open();
        client.Sent();
        Assert.True(client.Send(Wire.Headers(1, false, Fields(fields))), rule);
        Assert.Equal(["RST_STREAM 1 ProtocolError"], client.Sent());
        Assert.Equal(["reset 1 ProtocolError Local", "closed 1"], client.Handler.Events.Where(e => e != "settings"));
    }

    [Theory]
    [InlineData("8.1 pseudo-header fields", true, ":status=200")]
    [InlineData("8.1 no END_STREAM", false, "grpc-status=0")]
    [InlineData("8.2.2 connection-specific", true, "connection=close")]
    [InlineData("8.2.1 upper case", true, "Grpc-Status=0")]
    public void RFC9113_8_1_malformed_trailers_reset_the_stream(string rule, bool end, string fields)
    {
        var client = new TestConnection(Http2Role.Client);
        client.Open();
        client.Send(Wire.Headers(1, false, (":status", "200")));
        client.Sent();
        Assert.True(client.Send(Wire.Headers(1, end, Fields(fields))), rule);
        Assert.Equal(["RST_STREAM 1 ProtocolError"], client.Sent());
        var server = new TestConnection(Http2Role.Server);
        server.Send(Wire.Headers(1, false, Get));
        Assert.True(server.Send(Wire.Headers(1, end, Fields(fields))), rule);
        Assert.Equal(["RST_STREAM 1 ProtocolError"], server.Sent());
    }

    [Theory]
    [InlineData(5, "0102", "030405", true)]
    [InlineData(5, "0102", "0304", false)]
    [InlineData(5, "0102", "03040506", false)]
    [InlineData(0, "", "", true)]
    [InlineData(0, "", "01", false)]
    public void RFC9113_8_1_1_content_length_must_be_the_sum_of_DATA(int length, string first, string second, bool fits)
    {
        var server = new TestConnection(Http2Role.Server);
        server.Send(Wire.Headers(1, false, [.. Get, ("content-length", $"{length}")]));
        server.Send(Wire.Data(1, Convert.FromHexString(first), padding: 3), Wire.Data(1, Convert.FromHexString(second), end: true));
        Assert.Equal(fits ? [] : ["RST_STREAM 1 ProtocolError"], server.Sent());
        Assert.Equal(fits, server.Handler.Events.Contains("end 1"));
    }

    [Fact]
    public void RFC9113_8_1_1_content_length_must_be_met_before_trailers_too()
    {
        var server = new TestConnection(Http2Role.Server);
        server.Send(Wire.Headers(1, false, [.. Get, ("content-length", "2")]), Wire.Data(1, [1]), Wire.Headers(1, true, ("a", "b")));
        Assert.Equal(["RST_STREAM 1 ProtocolError"], server.Sent());
    }

    [Theory]
    [InlineData("HEAD", "200")]
    [InlineData("GET", "304")]
    [InlineData("GET", "204")]
    public void RFC9110_8_6_content_length_of_a_response_without_content_does_not_bind(string method, string status)
    {
        var client = new TestConnection(Http2Role.Client);
        client.Connection.OpenStream(Wire.List([(":method", method), .. Get[1..]]), true, null);
        client.Sent();
        client.Send(Wire.Headers(1, true, (":status", status), ("content-length", "100")));
        Assert.Equal("closed 1", client.Handler.Events[^1]);
        Assert.Empty(client.Sent());
    }

    [Fact]
    public void RFC9113_8_1_interim_responses_come_before_the_final_one_and_must_not_end_the_stream()
    {
        var client = new TestConnection(Http2Role.Client);
        client.Open();
        client.Open();
        client.Sent();
        client.Send(Wire.Headers(1, false, (":status", "103")), Wire.Headers(1, false, (":status", "100")), Wire.Headers(1, true, (":status", "200")));
        Assert.Equal(["interim 1 :status=103", "interim 1 :status=100", "headers 1 :status=200 end"], client.Handler.Events.Skip(1));
        client.Send(Wire.Headers(3, true, (":status", "100")));
        Assert.Equal(["RST_STREAM 3 ProtocolError"], client.Sent());
    }

    [Fact]
    public void RFC9113_8_1_DATA_before_the_headers_of_a_response_is_refused()
    {
        var client = new TestConnection(Http2Role.Client);
        client.Open();
        client.Sent();
        Assert.True(client.Send(Wire.Data(1, [1])));
        Assert.Equal(["RST_STREAM 1 ProtocolError"], client.Sent());
        Assert.Equal(client.Limits.ConnectionWindow, client.ConnectionCredit);
    }

    [Fact]
    public void RFC9113_6_5_2_and_10_5_1_a_request_beyond_the_limits_can_be_answered()
    {
        var server = new TestConnection(Http2Role.Server);
        server.Send(Wire.Headers(1, true, [.. Get, .. Enumerable.Range(0, 97).Select(i => ("cookie", $"{i}"))]));
        Assert.Equal("too-large 1 end", server.Handler.Events[^1]);
        server.Connection.SendHeaders(server.Handler.Opened[0], Wire.List((":status", "431")), endStream: true);
        Assert.Equal(["HEADERS 1 :status=431 end"], server.Sent());
        server.Send(Wire.Headers(3, true, [.. Get, .. Enumerable.Range(0, 96).Select(i => ("cookie", $"{i}"))]));
        Assert.StartsWith("headers 3", server.Handler.Events[^1]);
        server.Send(Wire.Headers(5, true, [.. Get, ("a", new string('x', 15_000)), ("b", new string('x', 1000))]));
        Assert.StartsWith("headers 5", server.Handler.Events[^1]);
    }

    [Fact]
    public void RFC9113_6_5_2_a_response_or_trailers_beyond_the_limits_reset_the_stream()
    {
        var client = new TestConnection(Http2Role.Client, new Http2Limits { MaxHeaderFields = 3 });
        client.Open();
        client.Open();
        client.Sent();
        client.Send(Wire.Headers(1, false, (":status", "200"), ("a", "1"), ("a", "2"), ("a", "3")));
        client.Send(Wire.Headers(3, false, (":status", "200")), Wire.Headers(3, true, ("a", "1"), ("a", "2"), ("a", "3"), ("a", "4")));
        Assert.Equal(["RST_STREAM 1 EnhanceYourCalm", "RST_STREAM 3 EnhanceYourCalm"], client.Sent());
    }

    private static (string, string)[] Fields(string text) =>
        [.. text.Split('|').Select(f => f.IndexOf('=', StringComparison.Ordinal) is var at ? (f[..at], f[(at + 1)..]) : default)];
}
