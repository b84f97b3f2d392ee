using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>
/// Takes the requests of one method. Each goes through the same steps:
/// 1. a request that is not gRPC is turned away; 2. its deadline starts; 3. the method's kind reads, calls and writes;
/// 4. what is thrown becomes a status; 5. the status goes out as trailers, or as the whole reply if there was none.
/// </summary>
internal abstract class CallHandler(MethodOptions options, GrpcServer server)
{
    protected static readonly Status NoMessage = new(StatusCode.Cancelled, "No message returned from method.");

    private readonly bool _hasInterceptors = options.Interceptors.Count > 0;

    public async Task HandleAsync(HttpContext http)
    {
        if (!RequestValidation.Accept(http)) return;

        var call = new ServerCall(http, options, server);
        // An interceptor may hand on a context of its own, around ours: the request is found through the user state then.
        if (_hasInterceptors) http.Items[ServerCall.HttpContextKey] = http;
        Exception? failure = null;
        try
        {
            call.Start();
            await InvokeAsync(http, call);
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        await call.EndAsync(failure);
    }

    /// <summary>Reads, calls and writes as the method's kind demands.</summary>
    protected abstract Task InvokeAsync(HttpContext http, ServerCall call);

    /// <summary>A stream of requests may be as long and as slow as its sender likes.</summary>
    protected static void AllowLongRequest(HttpContext http)
    {
        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate) rate.MinDataRate = null;
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;
    }

    /// <summary>The request-timeout middleware is for requests that are answered at once; a stream has its deadline.</summary>
    protected static void AllowLongCall(HttpContext http)
    {
        if (http.Features.Get<IHttpRequestTimeoutFeature>() is not { } timeout) return;
        var metadata = http.GetEndpoint()?.Metadata;
        if (metadata?.GetMetadata<RequestTimeoutAttribute>() is null && metadata?.GetMetadata<RequestTimeoutPolicy>() is null) timeout.DisableTimeout();
    }
}

internal sealed class UnaryCallHandler<TRequest, TResponse>(
    Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse> handler, MethodOptions options, GrpcServer server) : CallHandler(options, server)
    where TRequest : class
    where TResponse : class
{
    private readonly Func<DeserializationContext, TRequest> _deserializer = method.RequestMarshaller.ContextualDeserializer;
    private readonly Action<TResponse, SerializationContext> _serializer = method.ResponseMarshaller.ContextualSerializer;

    protected override Task InvokeAsync(HttpContext http, ServerCall call)
    {
        // Most calls never wait: those do without a state machine.
        var read = MessageReader.ReadSingleAsync(http, call.Options, _deserializer);
        if (!read.IsCompletedSuccessfully) return ReadAndHandleAsync(read, call);
        var handling = handler(read.Result, call);
        if (!handling.IsCompletedSuccessfully) return FinishAsync(handling, call);
        Finish(handling.Result, call);
        return Task.CompletedTask;
    }

    private async Task ReadAndHandleAsync(ValueTask<TRequest> read, ServerCall call) => Finish(await handler(await read, call), call);

    private async Task FinishAsync(Task<TResponse> handling, ServerCall call) => Finish(await handling, call);

    private void Finish(TResponse? response, ServerCall call)
    {
        if (response is null) throw new RpcException(NoMessage);
        // Headers, message and trailers leave together: nothing is flushed here.
        if (call.TryClaim()) call.WriteMessage(response, _serializer);
    }
}

internal sealed class ClientStreamingCallHandler<TRequest, TResponse>(
    Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse> handler, MethodOptions options, GrpcServer server) : CallHandler(options, server)
    where TRequest : class
    where TResponse : class
{
    protected override async Task InvokeAsync(HttpContext http, ServerCall call)
    {
        AllowLongRequest(http);
        AllowLongCall(http);
        var requests = new ServerStreamReader<TRequest>(call, method.RequestMarshaller.ContextualDeserializer);
        call.Requests = requests;
        var response = await handler(requests, call) ?? throw new RpcException(NoMessage);
        if (call.TryClaim()) call.WriteMessage(response, method.ResponseMarshaller.ContextualSerializer);
    }
}

internal sealed class ServerStreamingCallHandler<TRequest, TResponse>(
    Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse> handler, MethodOptions options, GrpcServer server) : CallHandler(options, server)
    where TRequest : class
    where TResponse : class
{
    protected override async Task InvokeAsync(HttpContext http, ServerCall call)
    {
        AllowLongCall(http);
        var responses = new ServerStreamWriter<TResponse>(call, method.ResponseMarshaller.ContextualSerializer);
        call.Responses = responses;
        var request = await MessageReader.ReadSingleAsync(http, call.Options, method.RequestMarshaller.ContextualDeserializer);
        await handler(request, responses, call);
    }
}

internal sealed class DuplexStreamingCallHandler<TRequest, TResponse>(
    Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse> handler, MethodOptions options, GrpcServer server) : CallHandler(options, server)
    where TRequest : class
    where TResponse : class
{
    protected override Task InvokeAsync(HttpContext http, ServerCall call)
    {
        AllowLongRequest(http);
        AllowLongCall(http);
        var requests = new ServerStreamReader<TRequest>(call, method.RequestMarshaller.ContextualDeserializer);
        var responses = new ServerStreamWriter<TResponse>(call, method.ResponseMarshaller.ContextualSerializer);
        call.Requests = requests;
        call.Responses = responses;
        return handler(requests, responses, call);
    }
}
