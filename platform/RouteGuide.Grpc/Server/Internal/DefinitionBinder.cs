using Grpc.Core;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>Collects the methods of a definition, which brings their handlers.</summary>
internal sealed class DefinitionBinder(GrpcServer server, MethodOptions options) : ServiceBinder(server, options)
{
    public override Type ServiceType => typeof(ServerServiceDefinition);

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler) =>
        AddHandler(method, [], handler ?? throw NoHandler(method));

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler) =>
        AddHandler(method, [], handler ?? throw NoHandler(method));

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler) =>
        AddHandler(method, [], handler ?? throw NoHandler(method));

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler) =>
        AddHandler(method, [], handler ?? throw NoHandler(method));

    private static InvalidOperationException NoHandler(IMethod method) => new($"The definition has no handler for '{method.FullName}'.");
}
