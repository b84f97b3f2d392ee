using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.DependencyInjection;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>Gives the instance of an interceptor that takes a call: the registered one, or one of the call's own.</summary>
internal sealed class InterceptorActivator
{
    private readonly Type _type;
    private readonly object[] _arguments;
    private ObjectFactory? _factory;

    public InterceptorActivator(InterceptorRegistration registration)
    {
        _type = registration.Type;
        _arguments = [.. registration.Arguments];
    }

    /// <param name="context">The call.</param>
    /// <param name="created">Whether the instance is the call's own and has to be given to <see cref="DisposeAsync"/> after it.</param>
    public Interceptor Create(ServerCallContext context, out bool created)
    {
        var services = context.GetHttpContext().RequestServices;
        if (_arguments.Length == 0 && services.GetService(_type) is Interceptor registered)
        {
            created = false;
            return registered;
        }

        created = true;
        _factory ??= ActivatorUtilities.CreateFactory(_type, [.. _arguments.Select(a => a.GetType())]);
        return (Interceptor)_factory(services, _arguments);
    }

    public static ValueTask DisposeAsync(Interceptor interceptor)
    {
        if (interceptor is IAsyncDisposable asynchronous) return asynchronous.DisposeAsync();
        (interceptor as IDisposable)?.Dispose();
        return default;
    }
}
