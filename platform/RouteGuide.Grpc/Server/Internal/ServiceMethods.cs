using Grpc.Core;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>Binds a method of a service's type, as an open delegate built once, to the instance that takes each call.</summary>
internal static class ServiceMethods
{
    public static UnaryServerMethod<TRequest, TResponse> Unary<TService, TRequest, TResponse>(
        ServiceActivator<TService> activator, Func<TService, TRequest, ServerCallContext, Task<TResponse>> method)
        where TService : class
        where TRequest : class
        where TResponse : class
    {
        return (request, context) =>
        {
            var service = activator.Create(context, out var disposable);
            return disposable ? Disposing(service, method, request, context) : method(service, request, context);
        };

        static async Task<TResponse> Disposing(
            TService service, Func<TService, TRequest, ServerCallContext, Task<TResponse>> method, TRequest request, ServerCallContext context)
        {
            try
            {
                return await method(service, request, context);
            }
            finally
            {
                await ServiceActivator<TService>.DisposeAsync(service);
            }
        }
    }

    public static ClientStreamingServerMethod<TRequest, TResponse> ClientStreaming<TService, TRequest, TResponse>(
        ServiceActivator<TService> activator, Func<TService, IAsyncStreamReader<TRequest>, ServerCallContext, Task<TResponse>> method)
        where TService : class
        where TRequest : class
        where TResponse : class =>
        async (requests, context) =>
        {
            var service = activator.Create(context, out var disposable);
            try
            {
                return await method(service, requests, context);
            }
            finally
            {
                if (disposable) await ServiceActivator<TService>.DisposeAsync(service);
            }
        };

    public static ServerStreamingServerMethod<TRequest, TResponse> ServerStreaming<TService, TRequest, TResponse>(
        ServiceActivator<TService> activator, Func<TService, TRequest, IServerStreamWriter<TResponse>, ServerCallContext, Task> method)
        where TService : class
        where TRequest : class
        where TResponse : class =>
        async (request, responses, context) =>
        {
            var service = activator.Create(context, out var disposable);
            try
            {
                await method(service, request, responses, context);
            }
            finally
            {
                if (disposable) await ServiceActivator<TService>.DisposeAsync(service);
            }
        };

    public static DuplexStreamingServerMethod<TRequest, TResponse> DuplexStreaming<TService, TRequest, TResponse>(
        ServiceActivator<TService> activator, Func<TService, IAsyncStreamReader<TRequest>, IServerStreamWriter<TResponse>, ServerCallContext, Task> method)
        where TService : class
        where TRequest : class
        where TResponse : class =>
        async (requests, responses, context) =>
        {
            var service = activator.Create(context, out var disposable);
            try
            {
                await method(service, requests, responses, context);
            }
            finally
            {
                if (disposable) await ServiceActivator<TService>.DisposeAsync(service);
            }
        };
}
