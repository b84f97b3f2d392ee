using System.Collections.Concurrent;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Http.Extensions;

namespace RouteGuide.Tests.Grpc.Client;

/// <summary>What a request looks like on the wire.</summary>
public class RequestTests
{
    private sealed record Seen(string Method, string Url, string Protocol, Dictionary<string, string> Headers, long? ContentLength);

    [Fact]
    public async Task A_request_has_the_headers_of_the_protocol()
    {
        var request = await Capture();

        Assert.Equal("POST", request.Method);
        Assert.EndsWith("/bytes.Service/Unary", request.Url);
        Assert.Equal("HTTP/2", request.Protocol);
        Assert.Equal("application/grpc", request.Headers["content-type"]);
        Assert.Equal("trailers", request.Headers["te"]);
        Assert.Equal("identity,gzip,deflate", request.Headers["grpc-accept-encoding"]);
        Assert.Matches(@"^grpc-dotnet/\S+ \(\.NET [^;]+; CLR [^;]+; net10\.0; \w+; \w+\)$", request.Headers["user-agent"]);
        Assert.Null(request.ContentLength);
        Assert.DoesNotContain("grpc-timeout", request.Headers.Keys);
        Assert.DoesNotContain("grpc-encoding", request.Headers.Keys);
        Assert.DoesNotContain("grpc-previous-rpc-attempts", request.Headers.Keys);
    }

    [Fact]
    public async Task The_path_of_the_address_comes_before_the_path_of_the_method()
    {
        var request = await Capture(path: "/some/base/");

        Assert.EndsWith("/some/base/bytes.Service/Unary", request.Url);
    }

    [Fact]
    public async Task Metadata_is_sent_as_headers()
    {
        var request = await Capture(new Metadata { { "Text", "some value" }, { "empty", "" }, { "data-bin", [0, 255, 1, 2] }, { "expires", "never" } });

        Assert.Equal("some value", request.Headers["text"]);
        Assert.Equal("", request.Headers["empty"]);
        Assert.Equal("AP8BAg==", request.Headers["data-bin"]);
        Assert.Equal("never", request.Headers["expires"]);
    }

    [Fact]
    public async Task Repeated_metadata_keys_are_sent_joined()
    {
        var request = await Capture(new Metadata { { "key", "1" }, { "key", "2" } });

        Assert.Equal("1, 2", request.Headers["key"]);
    }

    [Fact]
    public async Task A_user_agent_of_the_application_follows_the_library_s_own()
    {
        var request = await Capture(new Metadata { { "user-agent", "mine/1" } });

        Assert.StartsWith("grpc-dotnet/", request.Headers["user-agent"]);
        Assert.EndsWith(") mine/1", request.Headers["user-agent"]);
    }

    [Fact]
    public async Task A_grpc_timeout_of_the_application_is_ignored()
    {
        var request = await Capture(new Metadata { { "grpc-timeout", "5S" } });

        Assert.DoesNotContain("grpc-timeout", request.Headers.Keys);
    }

    [Theory]
    [InlineData("line\r\nbreak")]
    [InlineData("nul\0")]
    [InlineData("umlaut ä")]
    public async Task Metadata_that_cannot_be_sent_fails_the_call_and_names_the_key(string value)
    {
        await using var calls = await ByteCalls.Start(context => Wire.Reply(context, [[1]]));

        var failure = await calls.UnaryFailure(options: new CallOptions(new Metadata { { "the-key", value } }));

        Assert.Equal(StatusCode.Internal, failure.StatusCode);
        Assert.Equal([1], await calls.CallUnary());
    }

    [Fact]
    public async Task A_deadline_is_sent_as_the_time_that_is_left()
    {
        var request = await Capture(deadline: DateTime.UtcNow.AddHours(2));

        // Two hours less what the call has taken so far, rounded up to whole seconds.
        Assert.Matches("^(2H|120M|7[12]..S)$", request.Headers["grpc-timeout"]);
    }

    [Theory]
    [InlineData(99.9)]
    [InlineData(150)]
    [InlineData(990)]
    [InlineData(1200)]
    [InlineData(90 * 3600)]
    public async Task A_timeout_is_rounded_up_to_three_digits_of_milliseconds_or_to_seconds(double seconds)
    {
        var left = TimeSpan.FromSeconds(seconds);
        var before = DateTime.UtcNow;
        var sent = (await Capture(deadline: before + left)).Headers["grpc-timeout"];
        var elapsed = DateTime.UtcNow - before;

        var amount = long.Parse(sent[..^1], System.Globalization.CultureInfo.InvariantCulture);
        var timeout = sent[^1] switch
        {
            'm' => TimeSpan.FromMilliseconds(amount),
            'S' => TimeSpan.FromSeconds(amount),
            'M' => TimeSpan.FromMinutes(amount),
            'H' => TimeSpan.FromHours(amount),
            _ => throw new FormatException(sent),
        };
        // Never less than is left, and little more than there was.
        Assert.InRange(timeout, left - elapsed, left + TimeSpan.FromSeconds(seconds < 1000 ? seconds / 100 : 1));
        if (seconds < 1000) Assert.InRange($"{(long)timeout.TotalMilliseconds}".TrimEnd('0').Length, 1, 3);
        else Assert.Equal(0, timeout.Ticks % TimeSpan.TicksPerSecond);
        // In the largest unit that fits.
        Assert.False(sent[^1] == 'm' && amount % 1000 == 0 || sent[^1] is 'S' or 'M' && amount % 60 == 0, sent);
    }

    [Fact]
    public async Task A_deadline_beyond_what_a_timeout_can_say_is_the_longest_timeout() =>
        Assert.Equal("99999999S", (await Capture(deadline: DateTime.UtcNow.AddYears(5))).Headers["grpc-timeout"]);

    [Fact]
    public async Task A_deadline_of_MaxValue_is_no_deadline()
    {
        var request = await Capture(deadline: DateTime.MaxValue);

        Assert.DoesNotContain("grpc-timeout", request.Headers.Keys);
    }

    [Fact]
    public async Task A_client_with_a_host_asks_for_that_authority()
    {
        var authorities = new ConcurrentQueue<string?>();
        await using var server = await PlainServer.Start(async context =>
        {
            authorities.Enqueue(context.Request.Host.Value);
            await Wire.ReadMessages(context);
            await Wire.Reply(context, [[]]);
        });
        using var channel = GrpcChannel.ForAddress(server.Address);
        var client = new Routeguide.RouteGuide.RouteGuideClient(channel);

        await client.GetFeatureAsync(new Routeguide.Point());
        await client.WithHost("some.host:81").GetFeatureAsync(new Routeguide.Point());

        Assert.Equal([server.Address.Authority, "some.host:81"], authorities);
    }

    private static async Task<Seen> Capture(Metadata? metadata = null, DateTime? deadline = null, string path = "")
    {
        var seen = new TaskCompletionSource<Seen>();
        await using var server = await PlainServer.Start(async context =>
        {
            var request = context.Request;
            seen.TrySetResult(new Seen(
                request.Method,
                request.GetEncodedUrl(),
                request.Protocol,
                request.Headers.ToDictionary(header => header.Key.ToLowerInvariant(), header => header.Value.ToString()),
                request.ContentLength));
            await Wire.ReadMessages(context);
            await Wire.Reply(context, [[]]);
        });
        using var channel = GrpcChannel.ForAddress(new Uri(server.Address, path));
        await channel.CreateCallInvoker().AsyncUnaryCall(ByteCalls.Unary, null, new CallOptions(metadata, deadline), [1]);
        return await seen.Task;
    }
}
