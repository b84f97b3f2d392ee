using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer;

/// <summary>When one side breaks off, the other is told how, at once.</summary>
public sealed class BreakOffTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_resets_its_stream_resets_the_targets(bool afterHeaders)
    {
        RawHttp2Stream? seen = null;
        await using var target = RawTarget.Start((_, stream) =>
        {
            seen = stream;
            return afterHeaders ? stream.SendHeadersAsync([(":status", "200"), ("content-type", "application/grpc")]) : Task.CompletedTask;
        });
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);
        var call = await client.OpenAsync(Wire.Request(balancer.Tls), end: true);
        await Eventually.Until(() => seen is not null, "the call has arrived");
        if (afterHeaders) await call.HasHeaders();

        await call.ResetAsync(Wire.Cancel);

        await Eventually.Until(() => seen!.ResetCode == Wire.Cancel, "the target's stream is cancelled");
        await Eventually.Until(() => balancer.Targets.Current.Entries[0].Target.InFlight == 0, "the call is over");
    }

    [Fact]
    public async Task A_client_that_vanishes_resets_the_targets_streams()
    {
        var seen = new System.Collections.Concurrent.ConcurrentBag<RawHttp2Stream>();
        await using var target = RawTarget.Start((_, stream) =>
        {
            seen.Add(stream);
            return Task.CompletedTask;
        });
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);
        for (var i = 0; i < 3; i++) await client.OpenAsync(Wire.Request(balancer.Tls), end: i == 0);
        await Eventually.Until(() => seen.Count == 3, "the calls have arrived");

        await client.DisposeAsync();

        await Eventually.Until(() => seen.All(s => s.ResetCode == Wire.Cancel), "all are cancelled");
    }

    [Theory]
    [InlineData(Wire.NoError, "13")]
    [InlineData(Wire.ProtocolError, "13")]
    [InlineData(Wire.InternalError, "13")]
    [InlineData(Wire.Cancel, "1")]
    [InlineData(Wire.EnhanceYourCalm, "8")]
    [InlineData(Wire.InadequateSecurity, "7")]
    [InlineData(99, "2")]
    public async Task A_target_that_resets_before_it_answers_becomes_a_status(int code, string status)
    {
        await using var target = RawTarget.Start((_, stream) => stream.ResetAsync(code));
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);

        var call = await client.OpenAsync(Wire.Request(balancer.Tls), end: true);
        await call.Ended();

        Assert.True(call.IsTrailersOnly);
        Assert.Equal(status, call.GrpcStatus);
        Assert.Equal("routeguide-balancer", call.Header("server"));
        Assert.Contains(target.Url.Authority, call.GrpcMessage, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Wire.InternalError)]
    [InlineData(Wire.Cancel)]
    [InlineData(Wire.EnhanceYourCalm)]
    public async Task A_target_that_resets_after_its_headers_resets_the_client_with_its_code(int code)
    {
        await using var target = RawTarget.Start(async (_, stream) =>
        {
            await stream.SendHeadersAsync([(":status", "200"), ("content-type", "application/grpc")]);
            await stream.SendMessageAsync([1]);
            await stream.Ended();
            await stream.ResetAsync(code);
        });
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);
        var call = await client.OpenAsync(Wire.Request(balancer.Tls));
        await call.HasMessages(1);

        await call.SendDataAsync(default, end: true);
        await call.Ended();

        Assert.Equal(code, call.ResetCode);
        Assert.Single(call.Messages);
    }

    [Fact]
    public async Task A_connection_lost_before_the_answer_is_UNAVAILABLE()
    {
        await using var target = RawTarget.Start((connection, _) => connection.DisposeAsync().AsTask());
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);

        var call = await client.OpenAsync(Wire.Request(balancer.Tls), end: true);
        await call.Ended();

        Assert.True(call.IsTrailersOnly);
        Assert.Equal("14", call.GrpcStatus);
        Assert.Equal(1, balancer.Targets.Current.Entries[0].Target.Total);
    }

    [Fact]
    public async Task A_connection_lost_in_the_middle_ends_the_call_as_UNAVAILABLE_after_what_came()
    {
        await using var target = RawTarget.Start(async (connection, stream) =>
        {
            await stream.SendHeadersAsync([(":status", "200"), ("content-type", "application/grpc")]);
            await stream.SendMessageAsync([1]);
            await stream.Ended();
            await connection.DisposeAsync();
        });
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);
        var call = await client.OpenAsync(Wire.Request(balancer.Tls));
        await call.HasMessages(1);

        await call.SendDataAsync(default, end: true);
        await call.Ended();

        Assert.Null(call.ResetCode);
        Assert.Single(call.Messages);
        Assert.Equal("14", call.GrpcStatus);
    }

    [Fact]
    public async Task A_deadline_that_passes_unanswered_is_DEADLINE_EXCEEDED_and_cancels_the_target()
    {
        RawHttp2Stream? seen = null;
        await using var target = RawTarget.Start((_, stream) =>
        {
            seen = stream;
            return Task.CompletedTask;
        });
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);

        var call = await client.OpenAsync(Wire.Request(balancer.Tls, fields: ("grpc-timeout", "200m")), end: true);
        await call.Ended();

        Assert.Equal("4", call.GrpcStatus);
        await Eventually.Until(() => seen is not null, "the call has arrived");
        await Eventually.Until(() => seen!.ResetCode == Wire.Cancel, "the target's stream is cancelled");
        Assert.Equal("200m", seen!.Header("grpc-timeout"));
    }

    [Fact]
    public async Task Answers_before_the_request_has_ended_pass_8_connections_times_32_streams()
    {
        const int Connections = 8;
        const int Streams = 32;
        await using var target = RawTarget.Start(async (_, stream) =>
        {
            await stream.SendHeadersAsync([(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "8"), ("grpc-message", "early")], end: true);
            await stream.ResetAsync(Wire.NoError);
        });
        await using var balancer = await BalancerUnderTest.Start(target.Url);

        var statuses = await Task.WhenAll(Enumerable.Range(0, Connections).Select(async _ =>
        {
            await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);
            return await Task.WhenAll(Enumerable.Range(0, Streams).Select(async _ =>
            {
                var call = await client.OpenAsync(Wire.Request(balancer.Tls));
                await call.SendMessageAsync(new byte[2_000]);
                await call.Ended();
                await call.SendMessageAsync(new byte[2_000], end: true);
                return (call.GrpcStatus, call.IsTrailersOnly);
            }));
        }));

        Assert.Equal(Connections * Streams, statuses.SelectMany(s => s).Count(s => s is ("8", true)));
    }

    [Fact]
    public async Task An_answer_before_the_request_has_ended_passes_also_without_a_reset_and_stops_the_request()
    {
        RawHttp2Stream? seen = null;
        await using var target = RawTarget.Start((_, stream) => RawTarget.Answer(seen = stream));
        await using var balancer = await BalancerUnderTest.Start(target.Url);
        await using var client = await RawHttp2Connection.ConnectAsync(balancer.Tls);

        var call = await client.OpenAsync(Wire.Request(balancer.Tls));
        await call.Ended();

        Assert.Equal("0", call.GrpcStatus);
        Assert.Single(call.Messages);
        await seen!.Ended();
        await client.Until(() => call.ResetCode == Wire.NoError, "the client is asked to stop sending");
    }
}
