using System.Collections.Concurrent;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Grpc.Net.ClientFactory.Internal;

/// <summary>Makes clients with the services of the scope that asks for them.</summary>
internal sealed class DefaultGrpcClientFactory(
    IServiceProvider services, ClientNames names, SharedInvokers invokers, IOptionsMonitor<GrpcClientFactoryOptions> options) : GrpcClientFactory
{
    private static readonly ConcurrentDictionary<Type, ObjectFactory> Constructors = new();

    public override TClient CreateClient<TClient>(string name)
    {
        if (!names.Contains(name, typeof(TClient)))
            throw new InvalidOperationException($"There is no gRPC client with the name '{name}' and the type {typeof(TClient)}: AddGrpcClient registers one.");

        var clientOptions = options.Get(name);
        var invoker = invokers.Get(name);
        if (clientOptions.CallOptionsActions.Count > 0) invoker = invoker.Intercept(new CallOptionsInterceptor(clientOptions.CallOptionsActions, services));
        invoker = SharedInvokers.Intercept(invoker, clientOptions, InterceptorScope.Client, services);

        if (clientOptions.Creator is not { } create)
            return (TClient)Constructors.GetOrAdd(typeof(TClient), type => ActivatorUtilities.CreateFactory(type, [typeof(CallInvoker)]))(services, [invoker]);

        return create(invoker) as TClient
            ?? throw new InvalidOperationException($"The creator of the gRPC client '{name}' did not return a {typeof(TClient)}.");
    }

    private sealed class CallOptionsInterceptor(IEnumerable<Action<CallOptionsContext>> actions, IServiceProvider services) : ContextInterceptor
    {
        protected override ClientInterceptorContext<TRequest, TResponse> Change<TRequest, TResponse>(ClientInterceptorContext<TRequest, TResponse> context)
        {
            var callOptions = new CallOptionsContext(context.Options, services);
            foreach (var act in actions) act(callOptions);
            return new(context.Method, context.Host, callOptions.CallOptions);
        }
    }
}
