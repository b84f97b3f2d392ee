using Grpc.Core;
using Grpc.Core.Interceptors;

namespace RouteGuide.Tests.Grpc.Client;

/// <summary>Interceptors on the client.</summary>
public class InterceptorTests
{
    [Fact]
    public async Task Of_several_interceptors_the_first_runs_first()
    {
        var order = await Order((channel, a, b) => channel.Intercept(a, b));

        Assert.Equal(["a", "b"], order);
    }

    [Fact]
    public async Task Of_interceptors_added_one_by_one_the_last_runs_first()
    {
        var order = await Order((channel, a, b) => channel.Intercept(a).Intercept(b));

        Assert.Equal(["b", "a"], order);
    }

    [Fact]
    public async Task All_kinds_of_call_pass_through_interceptors()
    {
        await using var calls = await ByteCalls.Start(async context =>
        {
            await Wire.ReadMessages(context);
            await Wire.Reply(context, [[1]]);
        });
        var seen = new List<string>();
        var invoker = calls.Channel.Intercept(new Recorder("", seen, recordKind: true));

        await Task.Run(() => invoker.BlockingUnaryCall(ByteCalls.Unary, null, default, [1]));
        await invoker.AsyncUnaryCall(ByteCalls.Unary, null, default, [1]);
        using var server = invoker.AsyncServerStreamingCall(ByteCalls.ServerStreaming, null, default, [1]);
        while (await server.ResponseStream.MoveNext())
        {
        }

        using var client = invoker.AsyncClientStreamingCall(ByteCalls.ClientStreaming, null, default);
        await client.RequestStream.CompleteAsync();
        await client;
        using var duplex = invoker.AsyncDuplexStreamingCall(ByteCalls.Duplex, null, default);
        await duplex.RequestStream.CompleteAsync();
        while (await duplex.ResponseStream.MoveNext())
        {
        }

        Assert.Equal(["BlockingUnaryCall", "AsyncUnaryCall", "AsyncServerStreamingCall", "AsyncClientStreamingCall", "AsyncDuplexStreamingCall"], seen);
    }

    [Fact]
    public async Task A_metadata_function_changes_what_is_sent_and_not_what_the_caller_has()
    {
        string? received = null;
        await using var calls = await ByteCalls.Start(async context =>
        {
            received = context.Request.Headers["x-added"];
            await Wire.Reply(context, [[1]]);
        });
        var own = new Metadata { { "x-own", "1" } };
        var invoker = calls.Channel.Intercept(metadata =>
        {
            metadata.Add("x-added", "2");
            return metadata;
        });

        await invoker.AsyncUnaryCall(ByteCalls.Unary, null, new CallOptions(own), [1]);

        Assert.Equal("2", received);
        Assert.Single(own);
    }

    [Fact]
    public async Task An_interceptor_can_answer_without_a_call()
    {
        await using var calls = await ByteCalls.Start(_ => throw new InvalidOperationException("must not be called"));
        var invoker = calls.Channel.Intercept(new Shortcut());

        using var call = invoker.AsyncUnaryCall(ByteCalls.Unary, null, default, [1]);

        Assert.Equal([42], await call);
        Assert.Equal("shortcut", call.GetStatus().Detail);
        Assert.Same(Metadata.Empty, call.GetTrailers());
    }

    private static async Task<List<string>> Order(Func<ChannelBase, Interceptor, Interceptor, CallInvoker> intercept)
    {
        await using var calls = await ByteCalls.Start(context => Wire.Reply(context, [[1]]));
        var order = new List<string>();
        await intercept(calls.Channel, new Recorder("a", order), new Recorder("b", order)).AsyncUnaryCall(ByteCalls.Unary, null, default, [1]);
        return order;
    }

    private sealed class Shortcut : Interceptor
    {
        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
            TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest, TResponse> continuation) =>
            new(
                Task.FromResult((TResponse)(object)new byte[] { 42 }),
                Task.FromResult(Metadata.Empty),
                () => new Status(StatusCode.OK, "shortcut"),
                () => Metadata.Empty,
                () => { });
    }

    private sealed class Recorder(string name, List<string> order, bool recordKind = false) : Interceptor
    {
        public override TResponse BlockingUnaryCall<TRequest, TResponse>(
            TRequest request, ClientInterceptorContext<TRequest, TResponse> context, BlockingUnaryCallContinuation<TRequest, TResponse> continuation)
        {
            Record(nameof(BlockingUnaryCall));
            return continuation(request, context);
        }

        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
            TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
        {
            Record(nameof(AsyncUnaryCall));
            return continuation(request, context);
        }

        public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
            TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncServerStreamingCallContinuation<TRequest, TResponse> continuation)
        {
            Record(nameof(AsyncServerStreamingCall));
            return continuation(request, context);
        }

        public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
            ClientInterceptorContext<TRequest, TResponse> context, AsyncClientStreamingCallContinuation<TRequest, TResponse> continuation)
        {
            Record(nameof(AsyncClientStreamingCall));
            return continuation(context);
        }

        public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
            ClientInterceptorContext<TRequest, TResponse> context, AsyncDuplexStreamingCallContinuation<TRequest, TResponse> continuation)
        {
            Record(nameof(AsyncDuplexStreamingCall));
            return continuation(context);
        }

        private void Record(string kind) => order.Add(recordKind ? kind : name);
    }
}
