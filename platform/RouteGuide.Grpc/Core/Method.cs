namespace Grpc.Core;

/// <summary>Which sides of a call send a stream of messages.</summary>
public enum MethodType
{
    /// <summary>One request, one response.</summary>
    Unary = 0,

    /// <summary>A stream of requests, one response.</summary>
    ClientStreaming = 1,

    /// <summary>One request, a stream of responses.</summary>
    ServerStreaming = 2,

    /// <summary>A stream each way.</summary>
    DuplexStreaming = 3,
}

/// <summary>What a method is called, without its message types.</summary>
public interface IMethod
{
    /// <summary>Which sides stream.</summary>
    MethodType Type { get; }

    /// <summary>The service with its package, for example <c>routeguide.RouteGuide</c>.</summary>
    string ServiceName { get; }

    /// <summary>The bare name, for example <c>GetFeature</c>.</summary>
    string Name { get; }

    /// <summary>The path of requests, for example <c>/routeguide.RouteGuide/GetFeature</c>.</summary>
    string FullName { get; }
}

/// <summary>A method that can be called remotely.</summary>
/// <typeparam name="TRequest">The type of request messages.</typeparam>
/// <typeparam name="TResponse">The type of response messages.</typeparam>
public class Method<TRequest, TResponse> : IMethod
{
    /// <summary>Describes a method.</summary>
    /// <param name="type">Which sides stream.</param>
    /// <param name="serviceName">The service with its package.</param>
    /// <param name="name">The bare name.</param>
    /// <param name="requestMarshaller">For request messages.</param>
    /// <param name="responseMarshaller">For response messages.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public Method(MethodType type, string serviceName, string name, Marshaller<TRequest> requestMarshaller, Marshaller<TResponse> responseMarshaller)
    {
        ArgumentNullException.ThrowIfNull(serviceName);
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(requestMarshaller);
        ArgumentNullException.ThrowIfNull(responseMarshaller);
        Type = type;
        ServiceName = serviceName;
        Name = name;
        FullName = $"/{serviceName}/{name}";
        RequestMarshaller = requestMarshaller;
        ResponseMarshaller = responseMarshaller;
    }

    /// <inheritdoc/>
    public MethodType Type { get; }

    /// <inheritdoc/>
    public string ServiceName { get; }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public string FullName { get; }

    /// <summary>For request messages.</summary>
    public Marshaller<TRequest> RequestMarshaller { get; }

    /// <summary>For response messages.</summary>
    public Marshaller<TResponse> ResponseMarshaller { get; }
}
