using System.Collections.Concurrent;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Configuration;
using Microsoft.AspNetCore.Http;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Grpc.Client;

/// <summary>Calls that are repeated under a retry policy.</summary>
public class RetryTests
{
    [Fact]
    public async Task A_unary_call_is_repeated_until_it_succeeds_and_each_attempt_is_numbered()
    {
        var attempts = new ConcurrentQueue<string?>();
        await using var calls = await Start(FailFirst(2, attempts, async context => await Wire.Reply(context, [.. await Wire.ReadMessages(context)])));

        using var call = calls.CallUnary([1, 2, 3]);

        Assert.Equal([1, 2, 3], await call);
        Assert.Equal([null, "1", "2"], attempts);
        Assert.Equal("2", (await call.ResponseHeadersAsync).GetValue("grpc-previous-rpc-attempts"));
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task All_kinds_of_call_are_repeated_with_all_their_messages()
    {
        var attempts = new ConcurrentQueue<string?>();
        await using var calls = await Start(FailFirst(2, attempts, async context => await Wire.Reply(context, [(await Wire.ReadMessages(context)).SelectMany(m => m).ToArray()])));

        using (var server = calls.CallServerStreaming([1, 2]))
        {
            Assert.True(await server.ResponseStream.MoveNext());
            Assert.Equal([1, 2], server.ResponseStream.Current);
            Assert.False(await server.ResponseStream.MoveNext());
        }

        attempts.Clear();
        using (var client = calls.CallClientStreaming())
        {
            for (byte i = 0; i < 5; i++) await client.RequestStream.WriteAsync([i]);
            await client.RequestStream.CompleteAsync();
            Assert.Equal([0, 1, 2, 3, 4], await client);
        }

        attempts.Clear();
        using (var duplex = calls.CallDuplex())
        {
            for (byte i = 0; i < 5; i++) await duplex.RequestStream.WriteAsync([i]);
            await duplex.RequestStream.CompleteAsync();
            Assert.True(await duplex.ResponseStream.MoveNext());
            Assert.Equal([0, 1, 2, 3, 4], duplex.ResponseStream.Current);
            Assert.False(await duplex.ResponseStream.MoveNext());
            Assert.Equal(StatusCode.OK, duplex.GetStatus().StatusCode);
        }

        Assert.Equal([null, "1", "2"], attempts);
    }

    [Fact]
    public async Task A_stream_goes_on_after_it_was_repeated()
    {
        var attempts = new ConcurrentQueue<string?>();
        await using var calls = await Start(FailFirst(1, attempts, async context =>
        {
            await Wire.StartResponse(context);
            while (await Wire.ReadMessage(context) is { } message) await Wire.Send(context, message.Payload);
            Wire.EndWith(context, 0);
        }));

        using var call = calls.CallDuplex();
        for (byte i = 0; i < 20; i++)
        {
            await call.RequestStream.WriteAsync([i]);
            Assert.True(await call.ResponseStream.MoveNext());
            Assert.Equal([i], call.ResponseStream.Current);
        }

        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext());
    }

    [Fact]
    public async Task A_call_fails_with_its_last_status_when_the_attempts_are_used_up()
    {
        var attempts = new ConcurrentQueue<string?>();
        await using var calls = await Start(FailFirst(100, attempts, _ => Task.CompletedTask), maxAttempts: 3);

        var failure = await calls.UnaryFailure();

        Assert.Equal((StatusCode.Unavailable, "attempt 3"), (failure.StatusCode, failure.Status.Detail));
        Assert.Equal(3, attempts.Count);
    }

    [Fact]
    public async Task The_channel_caps_the_attempts_of_every_policy()
    {
        var attempts = new ConcurrentQueue<string?>();
        await using var calls = await Start(FailFirst(100, attempts, _ => Task.CompletedTask), maxAttempts: 50);

        await calls.UnaryFailure();

        Assert.Equal(5, attempts.Count);
    }

    [Fact]
    public async Task Other_codes_are_not_retried()
    {
        var attempts = new ConcurrentQueue<string?>();
        await using var calls = await Start(FailFirst(100, attempts, _ => Task.CompletedTask, status: 3));

        Assert.Equal(StatusCode.InvalidArgument, (await calls.UnaryFailure()).StatusCode);
        Assert.Single(attempts);
    }

    [Fact]
    public async Task An_http_status_is_retried_as_the_code_that_it_maps_to()
    {
        var requests = 0;
        await using var calls = await Start(async context =>
        {
            if (Interlocked.Increment(ref requests) == 1) context.Response.StatusCode = 503;
            else await Wire.Reply(context, [[1]]);
        });

        Assert.Equal([1], await calls.CallUnary());
    }

    [Fact]
    public async Task Headers_commit_the_call()
    {
        var attempts = new ConcurrentQueue<string?>();
        await using var calls = await Start(async context =>
        {
            attempts.Enqueue(null);
            await Wire.Reply(context, [], status: 14, message: "late");
        });

        Assert.Equal((StatusCode.Unavailable, "late"), Describe(await calls.UnaryFailure()));
        Assert.Single(attempts);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("soon")]
    public async Task A_server_can_push_back_for_good(string pushback)
    {
        var attempts = new ConcurrentQueue<string?>();
        await using var calls = await Start(FailFirst(1, attempts, context => Wire.Reply(context, [[1]]), pushback: pushback));

        Assert.Equal(StatusCode.Unavailable, (await calls.UnaryFailure()).StatusCode);
        Assert.Single(attempts);
    }

    [Fact]
    public async Task A_server_can_say_when_to_come_back()
    {
        var attempts = new ConcurrentQueue<string?>();
        // Without the server's word the call would wait for most of an hour.
        await using var calls = await Start(FailFirst(1, attempts, context => Wire.Reply(context, [[1]]), pushback: "0"), backoff: TimeSpan.FromHours(1000));

        Assert.Equal([1], await calls.CallUnary());
    }

    [Fact]
    public async Task A_deadline_ends_the_pause_between_two_attempts()
    {
        var attempts = new ConcurrentQueue<string?>();
        await using var calls = await Start(FailFirst(100, attempts, _ => Task.CompletedTask), backoff: TimeSpan.FromHours(1000));

        await ByteCalls.WithMoreTimeUntil(() => !attempts.IsEmpty, async deadline =>
        {
            var failure = await calls.UnaryFailure(options: new CallOptions(deadline: deadline));

            Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode);
        });
        Assert.All(attempts, Assert.Null);
    }

    [Theory]
    [InlineData("token", "Call canceled by the client.")]
    [InlineData("call", "gRPC call disposed.")]
    [InlineData("channel", "gRPC call disposed.")]
    public async Task Cancellation_and_disposal_end_the_pause_between_two_attempts(string by, string detail)
    {
        var attempts = new ConcurrentQueue<string?>();
        await using var calls = await Start(FailFirst(100, attempts, _ => Task.CompletedTask), backoff: TimeSpan.FromHours(1000));
        using var cancellation = new CancellationTokenSource();

        var call = calls.CallUnary(options: new CallOptions(cancellationToken: cancellation.Token));
        await Eventually.Until(() => !attempts.IsEmpty, "the first attempt");
        if (by == "token") await cancellation.CancelAsync();
        else if (by == "call") call.Dispose();
        else calls.Channel.Dispose();

        Assert.Equal((StatusCode.Cancelled, detail), Describe(await ByteCalls.Failure(() => call.ResponseAsync)));
        Assert.Equal(StatusCode.Cancelled, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task Throttling_stops_the_retries_of_the_whole_channel()
    {
        var attempts = new ConcurrentQueue<string?>();
        await using var calls = await Start(
            FailFirst(100, attempts, _ => Task.CompletedTask), throttling: new RetryThrottlingPolicy { MaxTokens = 10, TokenRatio = 0.1 });

        await calls.UnaryFailure();
        Assert.Equal(5, attempts.Count);
        await calls.UnaryFailure();
        Assert.Equal(6, attempts.Count);
    }

    [Fact]
    public async Task A_request_beyond_the_buffer_of_its_call_is_sent_once()
    {
        var attempts = new ConcurrentQueue<string?>();
        await using var calls = await Start(FailFirst(1, attempts, context => Wire.Reply(context, [[1]])));

        await calls.UnaryFailure(new byte[1024 * 1024 + 1]);

        Assert.Single(attempts);
    }

    [Fact]
    public async Task A_stream_beyond_the_buffer_of_its_call_is_committed()
    {
        var attempts = new ConcurrentQueue<string?>();
        await using var calls = await Start(async context =>
        {
            attempts.Enqueue(null);
            var total = (await Wire.ReadMessages(context)).Sum(m => m.Length);
            Wire.TrailersOnly(context, 14, $"{total}");
        });

        using var call = calls.CallClientStreaming();
        for (var i = 0; i < 3; i++) await call.RequestStream.WriteAsync(new byte[500_000]);
        await call.RequestStream.CompleteAsync();

        Assert.Equal((StatusCode.Unavailable, "1500000"), Describe(await ByteCalls.Failure(() => call.ResponseAsync)));
        Assert.Single(attempts);
    }

    [Fact]
    public async Task The_buffer_of_the_channel_is_given_back_after_each_call()
    {
        var attempts = new ConcurrentQueue<string?>();
        await using var calls = await Start(FailFirst(1, attempts, async context => await Wire.Reply(context, [.. await Wire.ReadMessages(context)])), bufferSize: 1000);

        for (var i = 0; i < 5; i++)
        {
            attempts.Clear();
            Assert.Equal(800, (await calls.CallUnary(new byte[800])).Length);
            Assert.Equal(2, attempts.Count);
        }
    }

    [Fact]
    public async Task Writes_to_a_call_that_has_failed_for_good_fail_with_its_status()
    {
        var attempts = new ConcurrentQueue<string?>();
        await using var calls = await Start(FailFirst(100, attempts, _ => Task.CompletedTask, status: 7));

        using var call = calls.CallDuplex();
        Assert.Equal(StatusCode.PermissionDenied, (await ByteCalls.Failure(() => call.ResponseStream.MoveNext())).StatusCode);
        await Eventually.Until(
            async () => await Record.ExceptionAsync(() => call.RequestStream.WriteAsync([1])) is RpcException { StatusCode: StatusCode.PermissionDenied },
            "writes fail");
    }

    [Fact]
    public async Task The_closest_name_decides_about_the_policy_of_a_method()
    {
        var attempts = new ConcurrentDictionary<string, int>();
        await using var server = await PlainServer.Start(context =>
        {
            attempts.AddOrUpdate(context.Request.Path.Value!, 1, (_, count) => count + 1);
            Wire.TrailersOnly(context, 14);
            return Task.CompletedTask;
        });
        var config = new ServiceConfig
        {
            MethodConfigs =
            {
                Config(2, MethodName.Default),
                Config(3, new MethodName { Service = "s" }),
                Config(4, new MethodName { Service = "s", Method = "m" }),
            },
        };
        using var channel = GrpcChannel.ForAddress(server.Address, new GrpcChannelOptions { ServiceConfig = config });

        foreach (var (service, name) in new[] { ("other", "m"), ("s", "other"), ("s", "m") })
        {
            var method = new Method<byte[], byte[]>(MethodType.Unary, service, name, ByteCalls.Bytes, ByteCalls.Bytes);
            await ByteCalls.Failure(() => channel.CreateCallInvoker().AsyncUnaryCall(method, null, default, [1]).ResponseAsync);
        }

        Assert.Equal((2, 3, 4), (attempts["/other/m"], attempts["/s/other"], attempts["/s/m"]));

        static MethodConfig Config(int attempts, MethodName name) => new() { Names = { name }, RetryPolicy = Policy(attempts, TimeSpan.FromMilliseconds(1)) };
    }

    [Fact]
    public async Task A_policy_that_is_not_valid_is_refused_when_a_method_with_it_is_called()
    {
        await using var server = await PlainServer.Start(context => Wire.Reply(context, [[1]]));
        Action<RetryPolicy>[] faults =
        [
            policy => policy.MaxAttempts = 1,
            policy => policy.MaxAttempts = null,
            policy => policy.InitialBackoff = TimeSpan.Zero,
            policy => policy.MaxBackoff = TimeSpan.Zero,
            policy => policy.BackoffMultiplier = 0,
            policy => policy.RetryableStatusCodes.Clear(),
        ];

        foreach (var spoil in faults)
        {
            var policy = Policy(2, TimeSpan.FromSeconds(1));
            spoil(policy);
            var config = new ServiceConfig { MethodConfigs = { new MethodConfig { Names = { new MethodName { Service = "bytes.Service" } }, RetryPolicy = policy } } };
            using var channel = GrpcChannel.ForAddress(server.Address, new GrpcChannelOptions { ServiceConfig = config });
            var invoker = channel.CreateCallInvoker();

            Assert.Throws<InvalidOperationException>(() => invoker.AsyncUnaryCall(ByteCalls.Unary, null, default, [1]));
            var other = new Method<byte[], byte[]>(MethodType.Unary, "other", "m", ByteCalls.Bytes, ByteCalls.Bytes);
            Assert.Equal([1], await invoker.AsyncUnaryCall(other, null, default, [1]));
        }
    }

    private static (StatusCode Code, string Detail) Describe(RpcException failure) => (failure.StatusCode, failure.Status.Detail);

    private static RetryPolicy Policy(int attempts, TimeSpan backoff) => new()
    {
        MaxAttempts = attempts,
        InitialBackoff = backoff,
        MaxBackoff = backoff,
        BackoffMultiplier = 1.5,
        RetryableStatusCodes = { StatusCode.Unavailable },
    };

    private static Task<ByteCalls> Start(
        RequestDelegate handler, int maxAttempts = 5, TimeSpan? backoff = null, RetryThrottlingPolicy? throttling = null, long? bufferSize = 16 * 1024 * 1024)
    {
        var config = new ServiceConfig
        {
            MethodConfigs = { new MethodConfig { Names = { MethodName.Default }, RetryPolicy = Policy(maxAttempts, backoff ?? TimeSpan.FromMilliseconds(1)) } },
            RetryThrottling = throttling,
        };
        return ByteCalls.Start(handler, new GrpcChannelOptions { ServiceConfig = config, MaxRetryBufferSize = bufferSize });
    }

    // The attempts of one call come one after the other: their number in the queue is that of the attempt.
    private static RequestDelegate FailFirst(
        int failures, ConcurrentQueue<string?> attempts, RequestDelegate then, int status = 14, string? pushback = null) => context =>
    {
        attempts.Enqueue(context.Request.Headers.TryGetValue("grpc-previous-rpc-attempts", out var number) ? number.ToString() : null);
        if (attempts.Count > failures) return then(context);
        Wire.TrailersOnly(context, status, $"attempt {attempts.Count}");
        if (pushback is not null) context.Response.Headers["grpc-retry-pushback-ms"] = pushback;
        return Task.CompletedTask;
    };
}
