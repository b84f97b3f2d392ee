using Grpc.Core.Interceptors;

namespace Grpc.Net.ClientFactory;

/// <summary>How long an interceptor lives.</summary>
public enum InterceptorScope
{
    /// <summary>One for the channel that all clients of a name share.</summary>
    Channel = 0,

    /// <summary>One for each client.</summary>
    Client = 1,
}

/// <summary>An interceptor of the clients of one name.</summary>
public class InterceptorRegistration
{
    /// <summary>Registers an interceptor.</summary>
    /// <param name="scope">How long it lives.</param>
    /// <param name="creator">Makes it.</param>
    /// <exception cref="ArgumentNullException"><paramref name="creator"/> is null.</exception>
    public InterceptorRegistration(InterceptorScope scope, Func<IServiceProvider, Interceptor> creator)
    {
        ArgumentNullException.ThrowIfNull(creator);
        Scope = scope;
        Creator = creator;
    }

    /// <summary>How long the interceptor lives.</summary>
    public InterceptorScope Scope { get; }

    /// <summary>Makes the interceptor.</summary>
    public Func<IServiceProvider, Interceptor> Creator { get; }
}
