using System.Collections.Concurrent;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Configuration;
using Microsoft.AspNetCore.Http;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Grpc.Client;

/// <summary>Calls that are sent several times under a hedging policy.</summary>
public class HedgingTests
{
    private static readonly TimeSpan Never = TimeSpan.FromHours(1);

    [Fact]
    public async Task A_second_attempt_answers_while_the_first_hangs_and_the_first_is_given_up()
    {
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var givenUp = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var calls = await Start(TimeSpan.FromMilliseconds(50), 2, async (context, attempt) =>
        {
            if (attempt == 0)
            {
                arrived.SetResult();
                await Wire.Aborted(context);
                givenUp.SetResult();
                return;
            }

            await arrived.Task.WaitAsync(Eventually.Patience);
            await Wire.Reply(context, [.. await Wire.ReadMessages(context)]);
        });

        using var call = calls.CallUnary([1, 2, 3]);

        Assert.Equal([1, 2, 3], await call);
        Assert.Equal("1", (await call.ResponseHeadersAsync).GetValue("grpc-previous-rpc-attempts"));
        await givenUp.Task.WaitAsync(Eventually.Patience);
    }

    [Fact]
    public async Task Without_a_delay_all_attempts_are_sent_at_once()
    {
        var arrived = new CountdownEvent(3);
        await using var calls = await Start(TimeSpan.Zero, 3, async (context, _) =>
        {
            arrived.Signal();
            // None answers before all are there.
            await Eventually.Until(() => arrived.IsSet, "all attempts have arrived");
            await Wire.Reply(context, [.. await Wire.ReadMessages(context)]);
        });

        using var call = calls.CallUnary([7]);

        Assert.Equal([7], await call);
    }

    [Fact]
    public async Task A_status_that_is_not_fatal_starts_the_next_attempt_at_once()
    {
        var attempts = new ConcurrentQueue<int>();
        await using var calls = await Start(Never, 3, async (context, attempt) =>
        {
            attempts.Enqueue(attempt);
            if (attempt < 2) Wire.TrailersOnly(context, (int)StatusCode.Unavailable);
            else await Wire.Reply(context, [.. await Wire.ReadMessages(context)]);
        });

        using var call = calls.CallUnary([1]);

        Assert.Equal([1], await call);
        Assert.Equal([0, 1, 2], attempts);
    }

    [Fact]
    public async Task A_fatal_status_ends_the_call()
    {
        var attempts = new ConcurrentQueue<int>();
        await using var calls = await Start(Never, 3, (context, attempt) =>
        {
            attempts.Enqueue(attempt);
            Wire.TrailersOnly(context, (int)StatusCode.NotFound, "gone");
            return Task.CompletedTask;
        });

        var failure = await calls.UnaryFailure();

        Assert.Equal((StatusCode.NotFound, "gone"), (failure.StatusCode, failure.Status.Detail));
        Assert.Equal([0], attempts);
    }

    [Fact]
    public async Task When_all_attempts_fail_the_last_failure_is_the_calls()
    {
        var attempts = new ConcurrentQueue<int>();
        await using var calls = await Start(Never, 3, (context, attempt) =>
        {
            attempts.Enqueue(attempt);
            Wire.TrailersOnly(context, (int)StatusCode.Unavailable, $"attempt {attempt}");
            return Task.CompletedTask;
        });

        Assert.Equal("attempt 2", (await calls.UnaryFailure()).Status.Detail);
        Assert.Equal([0, 1, 2], attempts);
    }

    [Fact]
    public async Task A_pushback_that_is_no_time_stops_further_attempts()
    {
        var attempts = new ConcurrentQueue<int>();
        await using var calls = await Start(Never, 3, (context, attempt) =>
        {
            attempts.Enqueue(attempt);
            context.Response.Headers["grpc-retry-pushback-ms"] = "-1";
            Wire.TrailersOnly(context, (int)StatusCode.Unavailable, "stop");
            return Task.CompletedTask;
        });

        Assert.Equal("stop", (await calls.UnaryFailure()).Status.Detail);
        Assert.Equal([0], attempts);
    }

    [Fact]
    public async Task Each_attempt_gets_all_requests_of_a_stream()
    {
        var received = new ConcurrentDictionary<int, byte[]>();
        await using var calls = await Start(TimeSpan.FromMilliseconds(50), 2, async (context, attempt) =>
        {
            received[attempt] = [.. (await Wire.ReadMessages(context)).SelectMany(m => m)];
            if (attempt == 0) await Wire.Aborted(context);
            else await Wire.Reply(context, [received[attempt]]);
        });

        using var call = calls.CallClientStreaming();
        for (byte i = 0; i < 20; i++) await call.RequestStream.WriteAsync([i]);
        await call.RequestStream.CompleteAsync();

        Assert.Equal(Enumerable.Range(0, 20).Select(i => (byte)i), await call);
    }

    [Fact]
    public async Task A_cancelled_call_gives_up_all_its_attempts()
    {
        var arrived = new CountdownEvent(2);
        var givenUp = new CountdownEvent(2);
        await using var calls = await Start(TimeSpan.Zero, 2, async (context, _) =>
        {
            arrived.Signal();
            await Wire.Aborted(context);
            givenUp.Signal();
        });
        using var cancel = new CancellationTokenSource();

        using var call = calls.CallUnary([1], new CallOptions(cancellationToken: cancel.Token));
        await Eventually.Until(() => arrived.IsSet, "both attempts have arrived");
        await cancel.CancelAsync();

        Assert.Equal(StatusCode.Cancelled, (await ByteCalls.Failure(() => call.ResponseAsync)).StatusCode);
        await Eventually.Until(() => givenUp.IsSet, "both attempts were given up");
    }

    [Fact]
    public async Task A_policy_that_cannot_be_is_refused_with_the_first_call()
    {
        var both = new MethodConfig
        {
            Names = { MethodName.Default },
            HedgingPolicy = new HedgingPolicy { MaxAttempts = 2 },
            RetryPolicy = new RetryPolicy { MaxAttempts = 2, InitialBackoff = Never, MaxBackoff = Never, BackoffMultiplier = 1, RetryableStatusCodes = { StatusCode.Unavailable } },
        };
        Assert.Contains("both", await Refusal(both));
        Assert.Contains("maxAttempts", await Refusal(new MethodConfig { Names = { MethodName.Default }, HedgingPolicy = new HedgingPolicy { MaxAttempts = 1 } }));
        Assert.Contains("hedgingDelay", await Refusal(new MethodConfig
        {
            Names = { MethodName.Default },
            HedgingPolicy = new HedgingPolicy { MaxAttempts = 2, HedgingDelay = TimeSpan.FromSeconds(-1) },
        }));
    }

    private static async Task<string> Refusal(MethodConfig method)
    {
        await using var calls = await ByteCalls.Start(_ => Task.CompletedTask, Options(method));
        return Assert.Throws<InvalidOperationException>(() => calls.CallUnary()).Message;
    }

    private static Task<ByteCalls> Start(TimeSpan delay, int maxAttempts, Func<HttpContext, int, Task> handler) => ByteCalls.Start(
        context => handler(context, int.TryParse(context.Request.Headers["grpc-previous-rpc-attempts"], out var number) ? number : 0),
        Options(new MethodConfig
        {
            Names = { MethodName.Default },
            HedgingPolicy = new HedgingPolicy { MaxAttempts = maxAttempts, HedgingDelay = delay, NonFatalStatusCodes = { StatusCode.Unavailable } },
        }));

    private static GrpcChannelOptions Options(MethodConfig method) => new() { ServiceConfig = new ServiceConfig { MethodConfigs = { method } } };
}
