using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Routeguide;
using RouteGuide.Tests.Support;
using static RouteGuide.Tests.Support.RawHttp2Connection;

namespace RouteGuide.Tests.Grpc.Server;

/// <summary>What <c>grpc-timeout</c> does on the server.</summary>
public sealed class DeadlineTests
{
    private const int Cancel = 8;

    [Theory]
    [InlineData("1H", 3600)]
    [InlineData("90M", 5400)]
    [InlineData("20S", 20)]
    [InlineData("30000m", 30)]
    [InlineData("99999999u", 99.999999)]
    [InlineData("007S", 7)]
    [InlineData("99999999S", 99_999_999)]
    [InlineData("99999999H", 99_999_999)]
    public async Task The_deadline_is_the_callers_timeout_from_now(string timeout, double seconds)
    {
        DateTime seen = default;
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide
        {
            Unary = (_, context) =>
            {
                seen = context.Deadline;
                Assert.True(context.CancellationToken.CanBeCanceled);
                return Task.FromResult(new Feature());
            },
        });
        await using var h2 = await host.ConnectAsync();
        var before = DateTime.UtcNow;
        var call = await h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point(), ("grpc-timeout", timeout));
        Assert.Equal("0", call.GrpcStatus);
        Assert.Equal(DateTimeKind.Utc, seen.Kind);
        Assert.InRange(seen, before.AddSeconds(seconds), DateTime.UtcNow.AddSeconds(seconds));
    }

    [Fact]
    public async Task Without_a_timeout_the_deadline_is_the_end_of_time()
    {
        DateTime seen = default;
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide
        {
            Unary = (_, context) =>
            {
                seen = context.Deadline;
                return Task.FromResult(new Feature());
            },
        });
        await using var h2 = await host.ConnectAsync();
        await h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point());
        Assert.Equal(DateTime.MaxValue, seen);
    }

    [Fact]
    public async Task An_exceeded_deadline_is_told_to_the_caller_before_the_handler_and_whatever_it_does_then_is_dropped()
    {
        var time = new ManualTime();
        var started = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        var done = new TaskCompletionSource();
        await using var host = await GrpcHost.ServeAsync(
            new ScriptedRouteGuide
            {
                Unary = async (_, context) =>
                {
                    using var registration = context.CancellationToken.Register(cancelled.SetResult);
                    started.SetResult();
                    await cancelled.Task;
                    await go.Task;
                    Assert.Equal(StatusCode.DeadlineExceeded, context.Status.StatusCode);
                    done.SetResult();
                    return new Feature { Name = "too late" };
                },
            },
            time: time);
        await using var h2 = await host.ConnectAsync();
        var call = await h2.OpenAsync(GrpcRequest(ScriptedRouteGuide.UnaryPath, ("grpc-timeout", "50m")));
        await call.SendMessageAsync([], end: true);
        await started.Task.WaitAsync(Eventually.Patience);
        time.Advance(TimeSpan.FromMilliseconds(49));
        Assert.False(cancelled.Task.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(1));
        await call.Ended();
        Assert.True(call.IsTrailersOnly);
        Assert.Equal("4", call.GrpcStatus);
        Assert.Equal("Deadline Exceeded", call.GrpcMessage);
        await cancelled.Task.WaitAsync(Eventually.Patience);

        go.SetResult();
        await done.Task.WaitAsync(Eventually.Patience);
        // The connection lives on, and nothing more came for that call.
        Assert.Equal("0", (await h2.CallAsync(ScriptedRouteGuide.ServerStreamingPath, new Rectangle())).GrpcStatus);
        Assert.Empty(call.Data);
        Assert.DoesNotContain(host.Logged, l => l.Level >= LogLevel.Error);
    }

    [Fact]
    public async Task An_exceeded_deadline_resets_a_stream_that_is_still_open()
    {
        var time = new ManualTime();
        var wrote = new TaskCompletionSource();
        await using var host = await GrpcHost.ServeAsync(
            new ScriptedRouteGuide
            {
                Duplex = async (requests, responses, context) =>
                {
                    await requests.MoveNext();
                    await responses.WriteAsync(requests.Current);
                    wrote.SetResult();
                    await requests.MoveNext();
                },
            },
            time: time);
        await using var h2 = await host.ConnectAsync();
        var call = await h2.OpenAsync(GrpcRequest(ScriptedRouteGuide.DuplexPath, ("grpc-timeout", "1S")));
        await call.SendMessageAsync(new RouteNote { Message = "one" }.ToByteArray());
        await wrote.Task.WaitAsync(Eventually.Patience);
        time.Advance(TimeSpan.FromSeconds(1));
        await h2.Until(() => call.IsReset, "RST_STREAM");
        Assert.Equal(Cancel, call.ResetCode);
        Assert.Single(call.Messages);
        Assert.Equal([("grpc-message", "Deadline Exceeded"), ("grpc-status", "4")], call.Trailers.Order());
    }

    [Fact]
    public async Task A_deadline_ends_a_call_whose_request_never_comes()
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide());
        await using var h2 = await host.ConnectAsync();
        var call = await h2.OpenAsync(GrpcRequest(ScriptedRouteGuide.UnaryPath, ("grpc-timeout", "50m")));
        await call.Ended();
        Assert.Equal("4", call.GrpcStatus);
    }

    [Fact]
    public async Task A_deadline_ends_a_call_whose_caller_does_not_read()
    {
        var time = new ManualTime();
        var ended = new TaskCompletionSource<Exception?>();
        await using var host = await GrpcHost.ServeAsync(
            new ScriptedRouteGuide
            {
                ServerStreaming = async (_, responses, _) =>
                {
                    try
                    {
                        while (true) await responses.WriteAsync(new Feature { Name = new string('x', 10_000) });
                    }
                    catch (Exception exception)
                    {
                        ended.SetResult(exception);
                        throw;
                    }
                },
            },
            time: time);
        await using var h2 = await host.ConnectAsync();
        h2.RefillsWindows = false;
        var call = await h2.OpenAsync(GrpcRequest(ScriptedRouteGuide.ServerStreamingPath, ("grpc-timeout", "100m")));
        await call.SendMessageAsync([], end: true);
        await h2.Until(() => call.Data.Length == 65_535, "a full window");
        time.Advance(TimeSpan.FromMilliseconds(100));
        // Should no write be waiting just then, the status is tried to be sent, for as long as that may take.
        await Eventually.Until(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return call.IsReset;
            },
            "RST_STREAM");
        Assert.Equal(Cancel, call.ResetCode);
        Assert.NotNull(await ended.Task.WaitAsync(Eventually.Patience));
    }

    [Fact]
    public async Task Writing_after_the_deadline_is_refused()
    {
        var time = new ManualTime();
        var started = new TaskCompletionSource();
        var refused = new TaskCompletionSource<Exception>();
        await using var host = await GrpcHost.ServeAsync(
            new ScriptedRouteGuide
            {
                ServerStreaming = async (_, responses, context) =>
                {
                    var expired = new TaskCompletionSource();
                    using var registration = context.CancellationToken.Register(expired.SetResult);
                    started.SetResult();
                    await expired.Task;
                    refused.SetResult(await Assert.ThrowsAsync<InvalidOperationException>(() => responses.WriteAsync(new Feature())));
                    await Assert.ThrowsAsync<InvalidOperationException>(() => context.WriteResponseHeadersAsync([]));
                },
            },
            time: time);
        await using var h2 = await host.ConnectAsync();
        var call = await h2.OpenAsync(GrpcRequest(ScriptedRouteGuide.ServerStreamingPath, ("grpc-timeout", "50m")));
        await call.SendMessageAsync([], end: true);
        await started.Task.WaitAsync(Eventually.Patience);
        time.Advance(TimeSpan.FromMilliseconds(50));
        await call.Ended();
        Assert.Equal("4", call.GrpcStatus);
        Assert.Equal("Can't write the message because the request is complete.", (await refused.Task.WaitAsync(Eventually.Patience)).Message);
    }

    [Theory]
    [InlineData(ScriptedRouteGuide.UnaryPath)]
    [InlineData(ScriptedRouteGuide.ServerStreamingPath)]
    [InlineData(ScriptedRouteGuide.ClientStreamingPath)]
    [InlineData(ScriptedRouteGuide.DuplexPath)]
    public async Task A_call_that_ends_as_its_deadline_does_ends_once(string path)
    {
        // Ends in between, however fast the machine is: some work, or the deadline.
        static async Task Dither(int work, ServerCallContext context)
        {
            for (var i = 0; i < work && !context.CancellationToken.IsCancellationRequested; i++) await Task.Yield();
        }

        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide
        {
            Unary = async (point, context) =>
            {
                await Dither(point.Latitude, context);
                return new Feature { Name = "done" };
            },
            ServerStreaming = async (_, responses, context) =>
            {
                await responses.WriteAsync(new Feature { Name = "one" });
                await Dither(200, context);
                await responses.WriteAsync(new Feature { Name = "two" });
            },
            ClientStreaming = async (requests, context) =>
            {
                while (await requests.MoveNext()) await Dither(requests.Current.Latitude, context);
                return new RouteSummary();
            },
            Duplex = async (requests, responses, context) =>
            {
                while (await requests.MoveNext())
                {
                    await responses.WriteAsync(requests.Current);
                    await Dither(200, context);
                }
            },
        });
        await using var h2 = await host.ConnectAsync();
        for (var round = 0; round < 10; round++)
        {
            var calls = await Task.WhenAll(Enumerable.Range(0, 40).Select(i =>
                h2.CallAsync(path, new Point { Latitude = i * 20 }, ("grpc-timeout", $"{1 + i % 4}m"))));
            Assert.All(calls, call =>
            {
                Assert.Contains(call.GrpcStatus, new[] { "0", "4" });
                Assert.Equal(call.IsTrailersOnly ? 1 : 0, call.Headers.Count(h => h.Name == "grpc-status"));
                Assert.Equal(call.IsTrailersOnly ? 0 : 1, call.Trailers.Count(h => h.Name == "grpc-status"));
                // The body holds whole messages and nothing else.
                Assert.Equal(call.Data.Length, call.Messages.Sum(m => 5 + m.Payload.Length));
            });
        }

        Assert.Equal("0", (await h2.CallAsync(path, new Point())).GrpcStatus);
    }

    [Theory]
    [InlineData("0S")]
    [InlineData("0n")]
    [InlineData("1n")]
    public async Task No_time_left_is_DEADLINE_EXCEEDED_without_a_call_of_the_handler(string timeout)
    {
        var called = false;
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide
        {
            Unary = (_, _) =>
            {
                called = true;
                return Task.FromResult(new Feature());
            },
        });
        await using var h2 = await host.ConnectAsync();
        var call = await h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point(), ("grpc-timeout", timeout));
        Assert.True(call.IsTrailersOnly);
        Assert.Equal("4", call.GrpcStatus);
        Assert.False(called);
    }

    [Theory]
    [InlineData("")]
    [InlineData("S")]
    [InlineData("5")]
    [InlineData("5x")]
    [InlineData("-5S")]
    [InlineData("+5S")]
    [InlineData("5 S")]
    [InlineData("1.5S")]
    [InlineData("123456789m")]
    [InlineData("5s")]
    [InlineData("5S", "6S")]
    public async Task A_malformed_timeout_is_refused(params string[] values)
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide());
        await using var h2 = await host.ConnectAsync();
        var call = await h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point(), [.. values.Select(v => ("grpc-timeout", v))]);
        Assert.Equal("13", call.GrpcStatus);
        Assert.Contains(string.Join(',', values), call.GrpcMessage, StringComparison.Ordinal);
    }
}
