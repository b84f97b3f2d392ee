using System.Collections.Concurrent;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Grpc.Net.Client.Internal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Grpc.Net.ClientFactory.Internal;

/// <summary>The channels of registered clients, one for each name, with their interceptors in front. They end with the service provider.</summary>
internal sealed class SharedInvokers(
    IServiceProvider services, IHttpMessageHandlerFactory handlers, IOptionsMonitor<GrpcClientFactoryOptions> options, ILoggerFactory loggers) : IDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<(GrpcChannel Channel, CallInvoker Invoker)>> _byName = new(StringComparer.Ordinal);

    public CallInvoker Get(string name)
    {
        var entry = _byName.GetOrAdd(name, key => new Lazy<(GrpcChannel, CallInvoker)>(() => Create(key)));
        try
        {
            return entry.Value.Invoker;
        }
        catch
        {
            // Whoever asks next gets the error of the options as they are then.
            _byName.TryRemove(KeyValuePair.Create(name, entry));
            throw;
        }
    }

    public void Dispose()
    {
        foreach (var entry in _byName.Values)
        {
            if (entry.IsValueCreated) entry.Value.Channel.Dispose();
        }
    }

    private (GrpcChannel Channel, CallInvoker Invoker) Create(string name)
    {
        var clientOptions = options.Get(name);
        var address = clientOptions.Address
            ?? throw new InvalidOperationException(
                $"The gRPC client '{name}' has no address: set {nameof(GrpcClientFactoryOptions)}.{nameof(clientOptions.Address)}.");

        var channelOptions = new GrpcChannelOptions { HttpHandler = handlers.CreateHandler(name), LoggerFactory = loggers, ServiceProvider = services };
        foreach (var configure in clientOptions.ChannelOptionsActions) configure(channelOptions);

        if (clientOptions.HasCallCredentials
            && !channelOptions.UnsafeUseInsecureChannelCallCredentials
            && !ChannelTarget.From(address, channelOptions).IsSecure)
        {
            throw new InvalidOperationException(
                $"The gRPC client '{name}' has call credentials, and its address '{address}' is plaintext: use https, "
                + $"or set {nameof(GrpcChannelOptions)}.{nameof(GrpcChannelOptions.UnsafeUseInsecureChannelCallCredentials)}.");
        }

        var channel = GrpcChannel.ForAddress(address, channelOptions);
        return (channel, Intercept(channel.CreateCallInvoker(), clientOptions, InterceptorScope.Channel, services));
    }

    /// <summary>An invoker with the registered interceptors of a scope in front.</summary>
    public static CallInvoker Intercept(CallInvoker invoker, GrpcClientFactoryOptions options, InterceptorScope scope, IServiceProvider services)
    {
        var interceptors = options.InterceptorRegistrations
            .Where(registration => registration.Scope == scope)
            .Select(registration => registration.Creator(services));
#pragma warning disable CS0618 // The list that registrations replaced is still honoured.
        if (scope == InterceptorScope.Channel) interceptors = options.Interceptors.Concat(interceptors);
#pragma warning restore CS0618
        return invoker.Intercept([.. interceptors]);
    }
}
