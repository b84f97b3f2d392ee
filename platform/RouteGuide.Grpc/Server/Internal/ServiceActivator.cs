using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>Gives the instance of a service that takes a call: the registered one, or one of the call's own.</summary>
internal sealed class ServiceActivator<TService>
    where TService : class
{
    private static readonly bool IsDisposable = typeof(IAsyncDisposable).IsAssignableFrom(typeof(TService)) || typeof(IDisposable).IsAssignableFrom(typeof(TService));

    private readonly ObjectFactory<TService>? _factory;
    private readonly IServiceProvider? _services;
    private readonly bool _suppressed;
    private readonly bool _isSingleton;
    private TService? _singleton;

    public ServiceActivator(GrpcServer server, MethodOptions options)
    {
        _suppressed = options.SuppressCreatingService;
        var container = server.Services.GetService<IServiceProviderIsService>();
        var isRegistered = container?.IsService(typeof(TService)) ?? server.Lifetimes.IsSingleton(typeof(TService));
        if (!isRegistered && !_suppressed) _factory = ActivatorUtilities.CreateFactory<TService>(Type.EmptyTypes);

        // Only with the framework's own container do the registrations tell the whole story.
        if (container?.GetType().Assembly != typeof(ServiceProvider).Assembly) return;
        _isSingleton = isRegistered && server.Lifetimes.IsSingleton(typeof(TService));
        if (_isSingleton || (!isRegistered && server.Lifetimes.NeedsSingletonsOnly(typeof(TService)))) _services = server.Services;
    }

    /// <param name="context">The call.</param>
    /// <param name="disposable">Whether the instance is the call's own and has to be given to <see cref="DisposeAsync"/> after it.</param>
    public TService Create(ServerCallContext context, out bool disposable)
    {
        disposable = false;
        if (_singleton is not null) return _singleton;
        if (_suppressed)
            throw new InvalidOperationException($"No instance of '{typeof(TService)}' is made (SuppressCreatingService): an interceptor has to answer the call.");

        var services = _services ?? context.GetHttpContext().RequestServices;
        if (_factory is not null)
        {
            disposable = IsDisposable;
            return _factory(services, null);
        }

        var service = services.GetRequiredService<TService>();
        if (_isSingleton) _singleton = service;
        return service;
    }

    public static ValueTask DisposeAsync(TService service)
    {
        if (service is IAsyncDisposable asynchronous) return asynchronous.DisposeAsync();
        ((IDisposable)service).Dispose();
        return default;
    }
}
