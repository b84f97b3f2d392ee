using System.Diagnostics.CodeAnalysis;
using Grpc.AspNetCore.ClientFactory;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.AspNetCore.Http;

namespace Grpc.Net.ClientFactory.Internal;

/// <summary>Takes over the earlier deadline and the cancellation of the gRPC call that is being served.</summary>
internal sealed class ContextPropagationInterceptor(IHttpContextAccessor accessor, GrpcContextPropagationOptions options) : Interceptor
{
    public override TResponse BlockingUnaryCall<TRequest, TResponse>(
        TRequest request, ClientInterceptorContext<TRequest, TResponse> context, BlockingUnaryCallContinuation<TRequest, TResponse> continuation)
    {
        using var link = Propagate(context.Options, out var callOptions);
        return continuation(request, With(context, callOptions));
    }

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
    {
        var link = Propagate(context.Options, out var callOptions);
        var call = continuation(request, With(context, callOptions));
        DisposeAfter(call.ResponseAsync, link);
        return call;
    }

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        ClientInterceptorContext<TRequest, TResponse> context, AsyncClientStreamingCallContinuation<TRequest, TResponse> continuation)
    {
        var link = Propagate(context.Options, out var callOptions);
        var call = continuation(With(context, callOptions));
        DisposeAfter(call.ResponseAsync, link);
        return call;
    }

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncServerStreamingCallContinuation<TRequest, TResponse> continuation)
    {
        var link = Propagate(context.Options, out var callOptions);
        var call = continuation(request, With(context, callOptions));
        return link is null ? call : new AsyncServerStreamingCall<TResponse>(
            call.ResponseStream, _ => call.ResponseHeadersAsync, _ => call.GetStatus(), _ => call.GetTrailers(), _ => DisposeBoth(call, link), call);
    }

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        ClientInterceptorContext<TRequest, TResponse> context, AsyncDuplexStreamingCallContinuation<TRequest, TResponse> continuation)
    {
        var link = Propagate(context.Options, out var callOptions);
        var call = continuation(With(context, callOptions));
        return link is null ? call : new AsyncDuplexStreamingCall<TRequest, TResponse>(
            call.RequestStream, call.ResponseStream, _ => call.ResponseHeadersAsync, _ => call.GetStatus(), _ => call.GetTrailers(), _ => DisposeBoth(call, link), call);
    }

    private static ClientInterceptorContext<TRequest, TResponse> With<TRequest, TResponse>(
        ClientInterceptorContext<TRequest, TResponse> context, CallOptions callOptions)
        where TRequest : class
        where TResponse : class => new(context.Method, context.Host, callOptions);

    private static void DisposeAfter(Task response, CancellationTokenSource? link)
    {
        if (link is null) return;
        response.ContinueWith(static (_, source) => ((CancellationTokenSource)source!).Dispose(), link, TaskScheduler.Default);
    }

    private static void DisposeBoth(IDisposable call, CancellationTokenSource link)
    {
        call.Dispose();
        link.Dispose();
    }

    /// <summary>The options with what is taken over. A source comes back where two tokens had to be joined: it belongs to the call.</summary>
    private CancellationTokenSource? Propagate(CallOptions callOptions, out CallOptions propagated)
    {
        propagated = callOptions;
        if (!TryFindServerCall(out var serverCall)) return null;

        if (serverCall.Deadline < (callOptions.Deadline ?? DateTime.MaxValue)) propagated = propagated.WithDeadline(serverCall.Deadline);

        if (!serverCall.CancellationToken.CanBeCanceled) return null;
        if (!callOptions.CancellationToken.CanBeCanceled)
        {
            propagated = propagated.WithCancellationToken(serverCall.CancellationToken);
            return null;
        }

        var link = CancellationTokenSource.CreateLinkedTokenSource(callOptions.CancellationToken, serverCall.CancellationToken);
        propagated = propagated.WithCancellationToken(link.Token);
        return link;
    }

    private bool TryFindServerCall([NotNullWhen(true)] out ServerCallContext? serverCall)
    {
        serverCall = accessor.HttpContext?.Features.Get<IServerCallContextFeature>()?.ServerCallContext;
        if (serverCall is not null || options.SuppressContextNotFoundErrors) return serverCall is not null;

        throw new InvalidOperationException(accessor.HttpContext is null
            ? "There is no deadline and no cancellation to take over: this client is used outside of a request."
            : "There is no deadline and no cancellation to take over: the request that this client is used in is not a gRPC call.");
    }
}
