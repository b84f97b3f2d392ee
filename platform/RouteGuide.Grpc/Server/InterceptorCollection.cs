using System.Collections.ObjectModel;
using Grpc.Core.Interceptors;

namespace Grpc.AspNetCore.Server;

/// <summary>The interceptors of a server's calls; the first is the outermost.</summary>
public class InterceptorCollection : Collection<InterceptorRegistration>
{
    /// <summary>Appends an interceptor.</summary>
    /// <typeparam name="TInterceptor">Its type.</typeparam>
    /// <param name="args">Arguments for its constructor, before those that the service provider gives.</param>
    public void Add<TInterceptor>(params object[] args)
        where TInterceptor : Interceptor => Add(typeof(TInterceptor), args);

    /// <summary>Appends an interceptor.</summary>
    /// <param name="interceptorType">Its type.</param>
    /// <param name="args">Arguments for its constructor, before those that the service provider gives.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">The type is not an <see cref="Interceptor"/>.</exception>
    public void Add(Type interceptorType, params object[] args)
    {
        ArgumentNullException.ThrowIfNull(interceptorType);
        ArgumentNullException.ThrowIfNull(args);
        foreach (var argument in args) ArgumentNullException.ThrowIfNull(argument, nameof(args));
        if (!interceptorType.IsSubclassOf(typeof(Interceptor)))
            throw new ArgumentException($"'{interceptorType}' does not derive from '{typeof(Interceptor)}'.", nameof(interceptorType));
        Add(new InterceptorRegistration(interceptorType, args));
    }
}
