using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Http;

namespace RouteGuide.Tests.Grpc.Client;

/// <summary>Calls whose messages are plain bytes, against a <see cref="PlainServer"/>.</summary>
internal sealed class ByteCalls : IAsyncDisposable
{
    public static readonly Marshaller<byte[]> Bytes = Marshallers.Create<byte[]>(message => message, payload => payload);
    public static readonly Method<byte[], byte[]> Unary = Create(MethodType.Unary, nameof(Unary));
    public static readonly Method<byte[], byte[]> ServerStreaming = Create(MethodType.ServerStreaming, nameof(ServerStreaming));
    public static readonly Method<byte[], byte[]> ClientStreaming = Create(MethodType.ClientStreaming, nameof(ClientStreaming));
    public static readonly Method<byte[], byte[]> Duplex = Create(MethodType.DuplexStreaming, nameof(Duplex));

    private readonly PlainServer _server;

    private ByteCalls(PlainServer server, GrpcChannel channel)
    {
        _server = server;
        Channel = channel;
        Invoker = channel.CreateCallInvoker();
    }

    public GrpcChannel Channel { get; }

    public Uri Address => _server.Address;

    private CallInvoker Invoker { get; }

    /// <summary>A server with this handler and a channel to it.</summary>
    public static async Task<ByteCalls> Start(RequestDelegate handler, GrpcChannelOptions? options = null)
    {
        var server = await PlainServer.Start(handler);
        return new ByteCalls(server, GrpcChannel.ForAddress(server.Address, options ?? new GrpcChannelOptions()));
    }

    public static Method<byte[], byte[]> Create(MethodType type, string name) => new(type, "bytes.Service", name, Bytes, Bytes);

    public AsyncUnaryCall<byte[]> CallUnary(byte[]? request = null, CallOptions options = default) =>
        Invoker.AsyncUnaryCall(Unary, null, options, request ?? [1]);

    public AsyncServerStreamingCall<byte[]> CallServerStreaming(byte[]? request = null, CallOptions options = default) =>
        Invoker.AsyncServerStreamingCall(ServerStreaming, null, options, request ?? [1]);

    public AsyncClientStreamingCall<byte[], byte[]> CallClientStreaming(CallOptions options = default) =>
        Invoker.AsyncClientStreamingCall(ClientStreaming, null, options);

    public AsyncDuplexStreamingCall<byte[], byte[]> CallDuplex(CallOptions options = default) =>
        Invoker.AsyncDuplexStreamingCall(Duplex, null, options);

    /// <summary>Makes a call with a deadline that is to pass, with more time each time, until <paramref name="isSeen"/>: how soon a server sees one is the machine's affair.</summary>
    public static async Task WithMoreTimeUntil(Func<bool> isSeen, Func<DateTime, Task> call)
    {
        for (var time = TimeSpan.FromMilliseconds(200); !isSeen(); time *= 2) await call(DateTime.UtcNow + time);
    }

    /// <summary>The exception of a call that is expected to fail.</summary>
    public static async Task<RpcException> Failure(Func<Task> call) => await Assert.ThrowsAsync<RpcException>(call);

    /// <summary>The exception of a unary call that is expected to fail.</summary>
    public async Task<RpcException> UnaryFailure(byte[]? request = null, CallOptions options = default)
    {
        using var call = CallUnary(request, options);
        return await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);
    }

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        await _server.DisposeAsync();
    }
}
