using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Routeguide;
using RouteGuide.Tests.Support;
using static RouteGuide.Tests.Support.RawHttp2Connection;

namespace RouteGuide.Tests.Grpc.Server;

/// <summary>Calls that one side gives up, and streams used where they should not be.</summary>
public sealed class CancellationTests
{
    private const int NoError = 0;
    private const int InternalError = 2;
    private const int Cancel = 8;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_reset_by_the_caller_cancels_the_token_and_is_not_an_error(bool withDeadline)
    {
        var started = new TaskCompletionSource();
        var ended = new TaskCompletionSource();
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide
        {
            Unary = async (_, context) =>
            {
                started.SetResult();
                try
                {
                    await Task.Delay(Timeout.Infinite, context.CancellationToken);
                }
                finally
                {
                    ended.SetResult();
                }

                return new Feature();
            },
        });
        await using var h2 = await host.ConnectAsync();
        var call = await h2.OpenAsync(GrpcRequest(ScriptedRouteGuide.UnaryPath, withDeadline ? [("grpc-timeout", "1H")] : []));
        await call.SendMessageAsync([], end: true);
        await started.Task.WaitAsync(Eventually.Patience);
        await call.ResetAsync(Cancel);
        await ended.Task.WaitAsync(Eventually.Patience);
        await Eventually.Until(() => host.Logged.Any(l => l.Category == "Grpc.AspNetCore.Server.ServerCallHandler"), "the log of the end");
        Assert.DoesNotContain(host.Logged, l => l.Level >= LogLevel.Error);
    }

    [Fact]
    public async Task A_lost_connection_cancels_the_token()
    {
        var started = new TaskCompletionSource();
        var ended = new TaskCompletionSource();
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide
        {
            Duplex = async (requests, _, context) =>
            {
                using var registration = context.CancellationToken.Register(ended.SetResult);
                started.SetResult();
                await requests.MoveNext();
            },
        });
        await using (var h2 = await host.ConnectAsync())
        {
            await h2.OpenAsync(GrpcRequest(ScriptedRouteGuide.DuplexPath));
            await started.Task.WaitAsync(Eventually.Patience);
        }

        await ended.Task.WaitAsync(Eventually.Patience);
    }

    [Fact]
    public async Task A_handler_that_writes_for_ever_ends_with_its_caller()
    {
        var ended = new TaskCompletionSource<Exception>();
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide
        {
            ServerStreaming = async (_, responses, _) =>
            {
                try
                {
                    while (true) await responses.WriteAsync(new Feature { Name = "again" });
                }
                catch (Exception exception)
                {
                    ended.SetResult(exception);
                    throw;
                }
            },
        });
        await using var h2 = await host.ConnectAsync();
        var call = await h2.OpenAsync(GrpcRequest(ScriptedRouteGuide.ServerStreamingPath));
        await call.SendMessageAsync([], end: true);
        await call.HasMessages(10);
        await call.ResetAsync(Cancel);
        Assert.IsAssignableFrom<OperationCanceledException>(await ended.Task.WaitAsync(Eventually.Patience));
    }

    [Fact]
    public async Task An_abort_of_the_request_is_INTERNAL_ERROR_on_the_wire()
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide
        {
            Unary = (_, context) =>
            {
                context.GetHttpContext().Abort();
                return Task.FromResult(new Feature());
            },
        });
        await using var h2 = await host.ConnectAsync();
        var call = await h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point());
        Assert.Equal(InternalError, call.ResetCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_cancelled_write_resets_the_stream(bool whileItWaits)
    {
        Exception? thrown = null;
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide
        {
            ServerStreaming = async (_, responses, _) =>
            {
                using var cancellation = new CancellationTokenSource();
                if (!whileItWaits) await cancellation.CancelAsync();
                // Longer than the caller's window and Kestrel's buffer: the write waits.
                var writing = responses.WriteAsync(new Feature { Name = new string('x', whileItWaits ? 2_000_000 : 1) }, cancellation.Token);
                if (whileItWaits) await cancellation.CancelAsync();
                thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing);
                throw thrown;
            },
        });
        await using var h2 = await host.ConnectAsync();
        h2.RefillsWindows = false;
        var call = await h2.OpenAsync(GrpcRequest(ScriptedRouteGuide.ServerStreamingPath));
        await call.SendMessageAsync([], end: true);
        await h2.Until(() => call.IsReset, "RST_STREAM");
        Assert.Equal(Cancel, call.ResetCode);
    }

    [Fact]
    public async Task A_cancelled_read_ends_with_the_token_and_the_call_goes_on()
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide
        {
            ClientStreaming = async (requests, _) =>
            {
                using var cancellation = new CancellationTokenSource();
                var reading = requests.MoveNext(cancellation.Token);
                await cancellation.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => requests.MoveNext(cancellation.Token));
                return new RouteSummary { PointCount = 1 };
            },
        });
        await using var h2 = await host.ConnectAsync();
        var call = await h2.OpenAsync(GrpcRequest(ScriptedRouteGuide.ClientStreamingPath));
        await call.Ended();
        Assert.Single(call.Messages);
        Assert.Equal("0", call.GrpcStatus);
    }

    [Fact]
    public async Task A_handler_that_returns_before_it_read_everything_is_answered_and_the_rest_is_refused_without_an_error()
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide { ClientStreaming = (_, _) => Task.FromResult(new RouteSummary { PointCount = 42 }) });
        await using var h2 = await host.ConnectAsync();
        var call = await h2.OpenAsync(GrpcRequest(ScriptedRouteGuide.ClientStreamingPath));
        await call.SendMessageAsync(new Point { Latitude = 1 }.ToByteArray());
        await h2.Until(() => call.HasEnded && call.IsReset, "the reply and RST_STREAM");
        Assert.Equal(42, RouteSummary.Parser.ParseFrom(Assert.Single(call.Messages).Payload).PointCount);
        Assert.Equal("0", call.GrpcStatus);
        Assert.Equal(NoError, call.ResetCode);
    }

    [Fact]
    public async Task Streams_refuse_use_after_the_end_of_the_call()
    {
        IServerStreamWriter<RouteNote>? writer = null;
        IAsyncStreamReader<RouteNote>? reader = null;
        ServerCallContext? context = null;
        Task<bool>? reading = null;
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide
        {
            Duplex = (requests, responses, call) =>
            {
                writer = responses;
                reader = requests;
                context = call;
                // Left behind: nobody waits for it.
                reading = requests.MoveNext();
                return Task.CompletedTask;
            },
        });
        await using var h2 = await host.ConnectAsync();
        var call = await h2.OpenAsync(GrpcRequest(ScriptedRouteGuide.DuplexPath));
        await call.Ended();
        Assert.Equal("0", call.GrpcStatus);
        await Assert.ThrowsAnyAsync<Exception>(() => reading!.WaitAsync(Eventually.Patience));
        Assert.Equal(
            "Can't write the message because the request is complete.",
            (await Assert.ThrowsAsync<InvalidOperationException>(() => writer!.WriteAsync(new RouteNote()))).Message);
        Assert.Equal(
            "Can't read messages after the request is complete.",
            (await Assert.ThrowsAsync<InvalidOperationException>(() => reader!.MoveNext())).Message);
        // The next call uses the same request object of Kestrel's: it must not be reached from here.
        await Eventually.Until(() => Record.Exception(() => context!.RequestHeaders) is InvalidOperationException, "the end of the call");
    }

    [Fact]
    public async Task Two_writes_at_once_are_refused()
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide
        {
            ServerStreaming = async (_, responses, _) =>
            {
                // Longer than the caller's window and Kestrel's buffer: the write waits.
                var first = responses.WriteAsync(new Feature { Name = new string('x', 2_000_000) });
                var second = await Assert.ThrowsAsync<InvalidOperationException>(() => responses.WriteAsync(new Feature()));
                Assert.Equal("Can't write the message because the previous write is in progress.", second.Message);
                await first;
            },
        });
        await using var h2 = await host.ConnectAsync();
        h2.RefillsWindows = false;
        var call = await h2.OpenAsync(GrpcRequest(ScriptedRouteGuide.ServerStreamingPath));
        await call.SendMessageAsync([], end: true);
        await call.HasHeaders();
        await h2.SendWindowUpdateAsync(0, 3_000_000);
        await h2.SendWindowUpdateAsync(call.Id, 3_000_000);
        await call.Ended();
        Assert.Equal("0", call.GrpcStatus);
        Assert.Single(call.Messages);
    }

    [Fact]
    public async Task Two_reads_at_once_are_refused()
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide
        {
            ClientStreaming = async (requests, context) =>
            {
                var first = requests.MoveNext();
                await Assert.ThrowsAsync<InvalidOperationException>(() => requests.MoveNext());
                await context.WriteResponseHeadersAsync([]);
                return new RouteSummary { PointCount = await first ? 1 : 0 };
            },
        });
        await using var h2 = await host.ConnectAsync();
        var call = await h2.OpenAsync(GrpcRequest(ScriptedRouteGuide.ClientStreamingPath));
        await call.HasHeaders();
        await call.SendMessageAsync([], end: true);
        await call.Ended();
        Assert.Equal("0", call.GrpcStatus);
        Assert.Equal(1, RouteSummary.Parser.ParseFrom(Assert.Single(call.Messages).Payload).PointCount);
    }

    [Fact]
    public async Task A_write_that_nobody_waited_for_still_arrives_before_the_status()
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide
        {
            ServerStreaming = (_, responses, _) =>
            {
                _ = responses.WriteAsync(new Feature { Name = new string('x', 500_000) });
                return Task.CompletedTask;
            },
        });
        await using var h2 = await host.ConnectAsync();
        var call = await h2.CallAsync(ScriptedRouteGuide.ServerStreamingPath, new Rectangle());
        Assert.Single(call.Messages);
        Assert.Equal("0", call.GrpcStatus);
    }

    [Fact]
    public async Task After_the_last_message_every_read_says_so()
    {
        List<bool> results = [];
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide
        {
            ClientStreaming = async (requests, _) =>
            {
                for (var i = 0; i < 4; i++) results.Add(await requests.MoveNext());
                return new RouteSummary();
            },
        });
        await using var h2 = await host.ConnectAsync();
        var call = await h2.CallAsync(ScriptedRouteGuide.ClientStreamingPath, new Point());
        Assert.Equal("0", call.GrpcStatus);
        Assert.Equal([true, false, false, false], results);
    }
}
