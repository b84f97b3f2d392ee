namespace Grpc.AspNetCore.Server;

/// <summary>An interceptor of a server's calls: taken from the service provider, or created for each call.</summary>
public class InterceptorRegistration
{
    private readonly object[] _arguments;

    internal InterceptorRegistration(Type type, object[] arguments)
    {
        Type = type;
        _arguments = arguments;
    }

    /// <summary>The interceptor's type.</summary>
    public Type Type { get; }

    /// <summary>Arguments for its constructor. With any, it is always created for the call, never taken from the service provider.</summary>
    public IReadOnlyList<object> Arguments => _arguments;
}
