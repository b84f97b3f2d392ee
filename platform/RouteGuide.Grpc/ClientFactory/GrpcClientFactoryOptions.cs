using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;

namespace Grpc.Net.ClientFactory;

/// <summary>How the clients of one name are made.</summary>
public class GrpcClientFactoryOptions
{
    /// <summary>Where the service is; needed.</summary>
    public Uri? Address { get; set; }

    /// <summary>Run on the options of the channel before it is made.</summary>
    public IList<Action<GrpcChannelOptions>> ChannelOptionsActions { get; } = [];

    /// <summary>Run on the options of each call before it is made.</summary>
    public IList<Action<CallOptionsContext>> CallOptionsActions { get; } = [];

    /// <summary>Interceptors of the channel, run before those of <see cref="InterceptorRegistrations"/>, which replaces this list.</summary>
    [Obsolete("Use InterceptorRegistrations, or AddInterceptor on the client's builder.")]
    public IList<Interceptor> Interceptors { get; } = [];

    /// <summary>The interceptors: those of the client run before those of the channel, and within each scope the first of the list runs first.</summary>
    public IList<InterceptorRegistration> InterceptorRegistrations { get; } = [];

    /// <summary>Makes the client; null for its constructor with a <see cref="CallInvoker"/>.</summary>
    public Func<CallInvoker, object>? Creator { get; set; }

    // Whether one of the call options actions adds call credentials: known early, so that a channel that would drop them is refused.
    internal bool HasCallCredentials { get; set; }
}

/// <summary>A call of a registered client, before it is made.</summary>
public sealed class CallOptionsContext
{
    internal CallOptionsContext(CallOptions callOptions, IServiceProvider serviceProvider)
    {
        CallOptions = callOptions;
        ServiceProvider = serviceProvider;
    }

    /// <summary>What the call is made with.</summary>
    public CallOptions CallOptions { get; set; }

    /// <summary>The services of the scope that the client was made in.</summary>
    public IServiceProvider ServiceProvider { get; }
}
