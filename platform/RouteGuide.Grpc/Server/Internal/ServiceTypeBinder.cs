using System.Reflection;
using Grpc.Core;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>
/// Collects the methods of a service that derives from a generated base class. The generated bind method names them; for
/// each, the override in <typeparamref name="TService"/> is bound once as an open delegate.
/// </summary>
internal sealed class ServiceTypeBinder<TService>(GrpcServer server, MethodOptions options) : ServiceBinder(server, options)
    where TService : class
{
    private readonly ServiceActivator<TService> _activator = new(server, options);

    public override Type ServiceType => typeof(TService);

    /// <exception cref="InvalidOperationException"><typeparamref name="TService"/> does not derive from a generated base class.</exception>
    public void BindGenerated()
    {
        var attribute = typeof(TService).GetCustomAttribute<BindServiceMethodAttribute>(inherit: true)
            ?? throw new InvalidOperationException($"'{typeof(TService)}' is not a gRPC service: it does not derive from a base class that was generated from a .proto file.");

        var bind = attribute.BindType.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic).FirstOrDefault(m =>
            m.Name == attribute.BindMethodName
            && m.GetParameters() is [var binder, var service]
            && binder.ParameterType == typeof(ServiceBinderBase)
            && service.ParameterType.IsAssignableFrom(typeof(TService)))
            ?? throw new InvalidOperationException($"'{typeof(TService)}' cannot be mapped: '{attribute.BindType}' has no method '{attribute.BindMethodName}' that binds it.");

        bind.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [this, null], null);
    }

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler)
    {
        var implementation = Find(method, typeof(TRequest), typeof(ServerCallContext));
        var open = implementation.CreateDelegate<Func<TService, TRequest, ServerCallContext, Task<TResponse>>>();
        AddHandler(method, AttributesOf(implementation), ServiceMethods.Unary(_activator, open));
    }

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler)
    {
        var implementation = Find(method, typeof(IAsyncStreamReader<TRequest>), typeof(ServerCallContext));
        var open = implementation.CreateDelegate<Func<TService, IAsyncStreamReader<TRequest>, ServerCallContext, Task<TResponse>>>();
        AddHandler(method, AttributesOf(implementation), ServiceMethods.ClientStreaming(_activator, open));
    }

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler)
    {
        var implementation = Find(method, typeof(TRequest), typeof(IServerStreamWriter<TResponse>), typeof(ServerCallContext));
        var open = implementation.CreateDelegate<Func<TService, TRequest, IServerStreamWriter<TResponse>, ServerCallContext, Task>>();
        AddHandler(method, AttributesOf(implementation), ServiceMethods.ServerStreaming(_activator, open));
    }

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler)
    {
        var implementation = Find(method, typeof(IAsyncStreamReader<TRequest>), typeof(IServerStreamWriter<TResponse>), typeof(ServerCallContext));
        var open = implementation.CreateDelegate<Func<TService, IAsyncStreamReader<TRequest>, IServerStreamWriter<TResponse>, ServerCallContext, Task>>();
        AddHandler(method, AttributesOf(implementation), ServiceMethods.DuplexStreaming(_activator, open));
    }

    // The most derived override. A method that merely hides the generated one with the same name is not what callers mean.
    private static MethodInfo Find(IMethod method, params Type[] parameters)
    {
        for (var type = typeof(TService); type is not null; type = type.BaseType)
        {
            var found = type.GetMethod(method.Name, BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly, parameters);
            if (found is { IsVirtual: true } && (!found.Attributes.HasFlag(MethodAttributes.NewSlot) || found.DeclaringType!.IsDefined(typeof(BindServiceMethodAttribute), inherit: false)))
                return found;
        }

        throw new InvalidOperationException($"'{typeof(TService)}' has no method for '{method.FullName}' with the parameters ({string.Join(", ", parameters.Select(p => p.Name))}).");
    }

    private static object[] AttributesOf(MethodInfo method) =>
        [.. typeof(TService).GetCustomAttributes(inherit: true), .. method.GetCustomAttributes(inherit: true)];
}
