namespace Grpc.AspNetCore.ClientFactory;

/// <summary>How a client takes over deadline and cancellation from the server call that it is used in.</summary>
public class GrpcContextPropagationOptions
{
    /// <summary>Whether a call made outside of any server call goes on as it is, instead of being refused.</summary>
    public bool SuppressContextNotFoundErrors { get; set; }
}
