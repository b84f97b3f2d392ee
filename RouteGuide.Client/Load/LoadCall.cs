using Grpc.Core;

namespace RouteGuide.Client.Load;

/// <summary>One method and the messages to send to it, encoded once: the load is on the server and not on this program's serializer.</summary>
/// <param name="Method">The method; what it answers is counted and not kept.</param>
/// <param name="Next">The messages of the next call.</param>
internal sealed record LoadCall(Method<byte[], byte[]> Method, Func<byte[][]> Next)
{
    private const string ReplicaHeader = "x-routeguide-replica";

    private static readonly Marshaller<byte[]> Requests = Marshallers.Create(static bytes => bytes, static bytes => bytes);
    private static readonly Marshaller<byte[]> Answers = Marshallers.Create(static (byte[] bytes, SerializationContext context) => context.Complete(bytes), static _ => []);

    /// <summary>A method by its names and kind.</summary>
    public static Method<byte[], byte[]> Describe(string service, string name, MethodType type) => new(type, service, name, Requests, Answers);

    /// <summary>Makes a call and reads its answer to the end.</summary>
    /// <returns>How it ended, and who answered, where that is told.</returns>
    public Task<(StatusCode Status, string? Replica)> RunAsync(CallInvoker invoker, CallOptions options) => TryAsync(invoker, options, static _ => false);

    /// <summary>The same, but what <paramref name="isThrown"/> picks is thrown.</summary>
    /// <exception cref="RpcException">It was picked.</exception>
    public async Task<(StatusCode Status, string? Replica)> TryAsync(CallInvoker invoker, CallOptions options, Func<RpcException, bool> isThrown)
    {
        var messages = Next();
        try
        {
            return (StatusCode.OK, await (Method.Type switch
            {
                MethodType.Unary => Unary(invoker, options, messages),
                MethodType.ServerStreaming => ServerStreaming(invoker, options, messages),
                MethodType.ClientStreaming => ClientStreaming(invoker, options, messages),
                _ => Duplex(invoker, options, messages),
            }));
        }
        catch (RpcException problem) when (!isThrown(problem))
        {
            return (problem.StatusCode, problem.Trailers.GetValue(ReplicaHeader));
        }
        catch (OperationCanceledException)
        {
            return (StatusCode.Cancelled, null);
        }
    }

    private async Task<string?> Unary(CallInvoker invoker, CallOptions options, byte[][] messages)
    {
        using var call = invoker.AsyncUnaryCall(Method, null, options, messages[0]);
        await call;
        return Replica(await call.ResponseHeadersAsync);
    }

    private async Task<string?> ServerStreaming(CallInvoker invoker, CallOptions options, byte[][] messages)
    {
        using var call = invoker.AsyncServerStreamingCall(Method, null, options, messages[0]);
        while (await call.ResponseStream.MoveNext(options.CancellationToken)) { }
        return Replica(await call.ResponseHeadersAsync);
    }

    private async Task<string?> ClientStreaming(CallInvoker invoker, CallOptions options, byte[][] messages)
    {
        using var call = invoker.AsyncClientStreamingCall(Method, null, options);
        await SendAsync(call.RequestStream, messages);
        await call;
        return Replica(await call.ResponseHeadersAsync);
    }

    private async Task<string?> Duplex(CallInvoker invoker, CallOptions options, byte[][] messages)
    {
        using var call = invoker.AsyncDuplexStreamingCall(Method, null, options);
        // Read while writing: a server that answers more than the windows hold would otherwise wait for us, and we for it.
        var sending = SendAsync(call.RequestStream, messages);
        while (await call.ResponseStream.MoveNext(options.CancellationToken)) { }
        await sending;
        return Replica(await call.ResponseHeadersAsync);
    }

    private static async Task SendAsync(IClientStreamWriter<byte[]> stream, byte[][] messages)
    {
        try
        {
            foreach (var message in messages) await stream.WriteAsync(message);
            await stream.CompleteAsync();
        }
        catch (Exception problem) when (problem is RpcException or OperationCanceledException or InvalidOperationException)
        {
            // The call has ended early; how is told by its answer.
        }
    }

    private static string? Replica(Metadata headers) => headers.GetValue(ReplicaHeader);
}
