using System.IO.Compression;
using Grpc.Net.Compression;

namespace Grpc.AspNetCore.Server;

/// <summary>How gRPC services are served: for all of them, or with <see cref="GrpcServiceOptions{TService}"/> for one.</summary>
public class GrpcServiceOptions
{
    private int? _maxSendMessageSize;
    private int? _maxReceiveMessageSize;
    private IList<ICompressionProvider>? _compressionProviders;

    /// <summary>The most bytes that a message sent may have before compression; null for no limit, which is the default.</summary>
    public int? MaxSendMessageSize
    {
        get => _maxSendMessageSize;
        set
        {
            _maxSendMessageSize = value;
            MaxSendMessageSizeSpecified = true;
        }
    }

    /// <summary>Whether <see cref="MaxSendMessageSize"/> was set; null counts when it was.</summary>
    public bool MaxSendMessageSizeSpecified { get; set; }

    /// <summary>
    /// The most bytes that a message received may have, compressed and decompressed; null for no limit.
    /// 4,194,304 unless set.
    /// </summary>
    public int? MaxReceiveMessageSize
    {
        get => _maxReceiveMessageSize;
        set
        {
            _maxReceiveMessageSize = value;
            MaxReceiveMessageSizeSpecified = true;
        }
    }

    /// <summary>Whether <see cref="MaxReceiveMessageSize"/> was set; null counts when it was.</summary>
    public bool MaxReceiveMessageSizeSpecified { get; set; }

    /// <summary>Whether callers are told the type and message of exceptions that handlers throw. They may hold secrets; off unless set.</summary>
    public bool? EnableDetailedErrors { get; set; }

    /// <summary>The encoding of responses for callers that accept it, by a provider's name; null for none.</summary>
    public string? ResponseCompressionAlgorithm { get; set; }

    /// <summary>How hard responses are compressed; null for the provider's own choice.</summary>
    public CompressionLevel? ResponseCompressionLevel { get; set; }

    /// <summary>The encodings that are understood; gzip and deflate are there from the start.</summary>
    public IList<ICompressionProvider> CompressionProviders
    {
        get => _compressionProviders ??= [];
        set => _compressionProviders = value;
    }

    /// <summary>Whether calls of services that are not mapped are left to the rest of the application instead of answered with UNIMPLEMENTED.</summary>
    public bool? IgnoreUnknownServices { get; set; }

    /// <summary>The interceptors of each call; the first is the outermost.</summary>
    public InterceptorCollection Interceptors { get; } = [];

    /// <summary>Whether no instance of the service is made, because interceptors answer all of its calls.</summary>
    public bool SuppressCreatingService { get; set; }

    /// <summary>The providers, or null if nobody asked for them yet.</summary>
    internal IList<ICompressionProvider>? CompressionProvidersOrNull => _compressionProviders;
}

/// <summary>How one gRPC service is served; what is set here goes before <see cref="GrpcServiceOptions"/>.</summary>
/// <typeparam name="TService">The service.</typeparam>
public class GrpcServiceOptions<TService> : GrpcServiceOptions
    where TService : class
{
}
