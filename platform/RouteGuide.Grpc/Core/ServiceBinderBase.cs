namespace Grpc.Core;

/// <summary>Receives the methods of a service, one by one. A binder overrides the kinds that it takes.</summary>
public class ServiceBinderBase
{
    /// <summary>Receives a unary method.</summary>
    /// <typeparam name="TRequest">The type of request messages.</typeparam>
    /// <typeparam name="TResponse">The type of response messages.</typeparam>
    /// <param name="method">The method.</param>
    /// <param name="handler">Its handler; null where only the methods are asked for.</param>
    /// <exception cref="NotSupportedException">This binder does not take unary methods.</exception>
    public virtual void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler)
        where TRequest : class
        where TResponse : class => throw Unsupported(method);

    /// <summary>Receives a client-streaming method.</summary>
    /// <typeparam name="TRequest">The type of request messages.</typeparam>
    /// <typeparam name="TResponse">The type of response messages.</typeparam>
    /// <param name="method">The method.</param>
    /// <param name="handler">Its handler; null where only the methods are asked for.</param>
    /// <exception cref="NotSupportedException">This binder does not take client-streaming methods.</exception>
    public virtual void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler)
        where TRequest : class
        where TResponse : class => throw Unsupported(method);

    /// <summary>Receives a server-streaming method.</summary>
    /// <typeparam name="TRequest">The type of request messages.</typeparam>
    /// <typeparam name="TResponse">The type of response messages.</typeparam>
    /// <param name="method">The method.</param>
    /// <param name="handler">Its handler; null where only the methods are asked for.</param>
    /// <exception cref="NotSupportedException">This binder does not take server-streaming methods.</exception>
    public virtual void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler)
        where TRequest : class
        where TResponse : class => throw Unsupported(method);

    /// <summary>Receives a method with a stream each way.</summary>
    /// <typeparam name="TRequest">The type of request messages.</typeparam>
    /// <typeparam name="TResponse">The type of response messages.</typeparam>
    /// <param name="method">The method.</param>
    /// <param name="handler">Its handler; null where only the methods are asked for.</param>
    /// <exception cref="NotSupportedException">This binder does not take duplex methods.</exception>
    public virtual void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler)
        where TRequest : class
        where TResponse : class => throw Unsupported(method);

    private NotSupportedException Unsupported(IMethod method) => new($"{GetType()} does not take {method.Type} methods: {method.FullName}.");
}
