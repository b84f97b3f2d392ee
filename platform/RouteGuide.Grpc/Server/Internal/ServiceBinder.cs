using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>One method that is to become an endpoint.</summary>
/// <param name="Method">The method.</param>
/// <param name="Attributes">Metadata of the endpoint: the type's attributes, then the method's.</param>
/// <param name="Handle">Takes its requests.</param>
internal sealed record BoundMethod(IMethod Method, IReadOnlyList<object> Attributes, RequestDelegate Handle);

/// <summary>Collects the methods of a service, with what takes their requests.</summary>
internal abstract class ServiceBinder(GrpcServer server, MethodOptions options) : ServiceBinderBase
{
    private readonly List<BoundMethod> _methods = [];

    /// <summary>The type that stands for the service in the metadata of its endpoints.</summary>
    public abstract Type ServiceType { get; }

    public IReadOnlyList<BoundMethod> Methods => _methods;

    /// <summary>Calls of methods that the service does not have are left to the rest of the application.</summary>
    public bool IgnoresUnknownMethods => options.IgnoreUnknownServices;

    protected GrpcServer Server => server;

    protected MethodOptions Options => options;

    protected InterceptorPipeline Interceptors { get; } = new(options.Interceptors);

    protected void Add(IMethod method, IReadOnlyList<object> attributes, CallHandler handler) =>
        _methods.Add(new BoundMethod(method, attributes, handler.HandleAsync));

    protected void AddHandler<TRequest, TResponse>(Method<TRequest, TResponse> method, IReadOnlyList<object> attributes, UnaryServerMethod<TRequest, TResponse> handler)
        where TRequest : class
        where TResponse : class =>
        Add(method, attributes, new UnaryCallHandler<TRequest, TResponse>(method, Interceptors.Around(handler), options, server));

    protected void AddHandler<TRequest, TResponse>(Method<TRequest, TResponse> method, IReadOnlyList<object> attributes, ClientStreamingServerMethod<TRequest, TResponse> handler)
        where TRequest : class
        where TResponse : class =>
        Add(method, attributes, new ClientStreamingCallHandler<TRequest, TResponse>(method, Interceptors.Around(handler), options, server));

    protected void AddHandler<TRequest, TResponse>(Method<TRequest, TResponse> method, IReadOnlyList<object> attributes, ServerStreamingServerMethod<TRequest, TResponse> handler)
        where TRequest : class
        where TResponse : class =>
        Add(method, attributes, new ServerStreamingCallHandler<TRequest, TResponse>(method, Interceptors.Around(handler), options, server));

    protected void AddHandler<TRequest, TResponse>(Method<TRequest, TResponse> method, IReadOnlyList<object> attributes, DuplexStreamingServerMethod<TRequest, TResponse> handler)
        where TRequest : class
        where TResponse : class =>
        Add(method, attributes, new DuplexStreamingCallHandler<TRequest, TResponse>(method, Interceptors.Around(handler), options, server));
}
