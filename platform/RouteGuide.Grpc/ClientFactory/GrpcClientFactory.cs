namespace Grpc.Net.ClientFactory;

/// <summary>Makes the clients that were registered with <c>AddGrpcClient</c>.</summary>
public abstract class GrpcClientFactory
{
    /// <summary>Makes a client.</summary>
    /// <typeparam name="TClient">The type of client.</typeparam>
    /// <param name="name">The name that it was registered with; by default the name of its type.</param>
    /// <exception cref="InvalidOperationException">No client of that name and type is registered, or its options are not complete.</exception>
    public abstract TClient CreateClient<TClient>(string name)
        where TClient : class;
}
