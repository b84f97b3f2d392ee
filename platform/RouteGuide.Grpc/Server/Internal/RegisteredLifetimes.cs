using Microsoft.Extensions.DependencyInjection;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>
/// How services are registered. A request's own scope costs more than a whole unary call, so it is worth knowing at start
/// that a service can be had without one.
/// </summary>
internal sealed class RegisteredLifetimes(IServiceCollection services)
{
    public bool IsSingleton(Type type)
    {
        var descriptor = Find(type);
        // An open generic registration (loggers, options) serves its closed types.
        if (descriptor is null && type.IsConstructedGenericType) descriptor = Find(type.GetGenericTypeDefinition());
        return descriptor?.Lifetime == ServiceLifetime.Singleton;
    }

    /// <summary>
    /// Whether <paramref name="type"/>, not registered itself, can be constructed from singletons alone, so that the
    /// application's services give the same result as a request's.
    /// </summary>
    public bool NeedsSingletonsOnly(Type type) =>
        type.GetConstructors() is [var constructor]
        && constructor.GetParameters().All(p => p.GetCustomAttributes(inherit: false).Length == 0 && IsSingleton(p.ParameterType));

    private ServiceDescriptor? Find(Type type)
    {
        // The last registration is the one that is resolved.
        for (var i = services.Count - 1; i >= 0; i--)
        {
            if (services[i].ServiceType == type && !services[i].IsKeyedService) return services[i];
        }

        return null;
    }
}
