using Grpc.Core;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>Puts a service's interceptors around its methods. The chain is built once; the instances are found for each call.</summary>
internal sealed class InterceptorPipeline(IReadOnlyList<InterceptorRegistration> registrations)
{
    // Innermost first: the order in which they are put around the method.
    private readonly InterceptorActivator[] _inner = [.. registrations.Reverse().Select(r => new InterceptorActivator(r))];

    public bool IsEmpty => _inner.Length == 0;

    public UnaryServerMethod<TRequest, TResponse> Around<TRequest, TResponse>(UnaryServerMethod<TRequest, TResponse> method)
        where TRequest : class
        where TResponse : class
    {
        foreach (var activator in _inner)
        {
            var next = method;
            method = async (request, context) =>
            {
                var interceptor = activator.Create(context, out var created);
                try
                {
                    return await interceptor.UnaryServerHandler(request, context, next);
                }
                finally
                {
                    if (created) await InterceptorActivator.DisposeAsync(interceptor);
                }
            };
        }

        return method;
    }

    public ClientStreamingServerMethod<TRequest, TResponse> Around<TRequest, TResponse>(ClientStreamingServerMethod<TRequest, TResponse> method)
        where TRequest : class
        where TResponse : class
    {
        foreach (var activator in _inner)
        {
            var next = method;
            method = async (requests, context) =>
            {
                var interceptor = activator.Create(context, out var created);
                try
                {
                    return await interceptor.ClientStreamingServerHandler(requests, context, next);
                }
                finally
                {
                    if (created) await InterceptorActivator.DisposeAsync(interceptor);
                }
            };
        }

        return method;
    }

    public ServerStreamingServerMethod<TRequest, TResponse> Around<TRequest, TResponse>(ServerStreamingServerMethod<TRequest, TResponse> method)
        where TRequest : class
        where TResponse : class
    {
        foreach (var activator in _inner)
        {
            var next = method;
            method = async (request, responses, context) =>
            {
                var interceptor = activator.Create(context, out var created);
                try
                {
                    await interceptor.ServerStreamingServerHandler(request, responses, context, next);
                }
                finally
                {
                    if (created) await InterceptorActivator.DisposeAsync(interceptor);
                }
            };
        }

        return method;
    }

    public DuplexStreamingServerMethod<TRequest, TResponse> Around<TRequest, TResponse>(DuplexStreamingServerMethod<TRequest, TResponse> method)
        where TRequest : class
        where TResponse : class
    {
        foreach (var activator in _inner)
        {
            var next = method;
            method = async (requests, responses, context) =>
            {
                var interceptor = activator.Create(context, out var created);
                try
                {
                    await interceptor.DuplexStreamingServerHandler(requests, responses, context, next);
                }
                finally
                {
                    if (created) await InterceptorActivator.DisposeAsync(interceptor);
                }
            };
        }

        return method;
    }
}
