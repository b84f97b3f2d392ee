using System.IO.Compression;
using Grpc.Internal;
using Grpc.Net.Compression;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>The options of a service's methods, merged from the service's own and those for all services.</summary>
internal sealed class MethodOptions
{
    private readonly Dictionary<string, ICompressionProvider> _providers;

    private MethodOptions(List<ICompressionProvider> providers)
    {
        _providers = providers.ToDictionary(p => p.EncodingName, StringComparer.Ordinal);
        AcceptEncoding = GrpcEncodings.AcceptEncodingOf(providers.Select(p => p.EncodingName));
    }

    /// <summary>In bytes; null for no limit.</summary>
    public int? MaxSendMessageSize { get; private init; }

    /// <summary>In bytes; null for no limit.</summary>
    public int? MaxReceiveMessageSize { get; private init; }

    public bool EnableDetailedErrors { get; private init; }

    /// <summary>What compresses responses for callers that accept it; null for nothing.</summary>
    public ICompressionProvider? ResponseCompression { get; private init; }

    public CompressionLevel? ResponseCompressionLevel { get; private init; }

    /// <summary>The value of <c>grpc-accept-encoding</c>.</summary>
    public string AcceptEncoding { get; }

    /// <summary>The encodings that are understood, for people.</summary>
    public string SupportedEncodings => AcceptEncoding.Replace(",", ", ", StringComparison.Ordinal);

    /// <summary>The first is the outermost.</summary>
    public required IReadOnlyList<InterceptorRegistration> Interceptors { get; init; }

    public bool SuppressCreatingService { get; private init; }

    /// <summary>No endpoint answers for methods that are not there.</summary>
    public bool IgnoreUnknownServices { get; private init; }

    /// <summary>The provider of an encoding, or null if it is not understood.</summary>
    public ICompressionProvider? FindProvider(string encoding) => _providers.GetValueOrDefault(encoding);

    /// <summary>Merges options, those that go first in front.</summary>
    /// <exception cref="InvalidOperationException">The response encoding has no provider.</exception>
    public static MethodOptions Merge(IReadOnlyList<GrpcServiceOptions> mostSpecificFirst)
    {
        List<ICompressionProvider> providers = [];
        foreach (var provider in mostSpecificFirst.SelectMany(o => o.CompressionProvidersOrNull ?? []))
        {
            if (!providers.Exists(p => p.EncodingName == provider.EncodingName)) providers.Add(provider);
        }

        var algorithm = mostSpecificFirst.Select(o => o.ResponseCompressionAlgorithm).FirstOrDefault(a => a is not null);
        var compression = algorithm is null or GrpcEncodings.Identity ? null : providers.Find(p => p.EncodingName == algorithm)
            ?? throw new InvalidOperationException($"The response compression algorithm '{algorithm}' has no compression provider; there are: {string.Join(", ", providers.Select(p => p.EncodingName))}.");

        return new MethodOptions(providers)
        {
            MaxSendMessageSize = mostSpecificFirst.FirstOrDefault(o => o.MaxSendMessageSizeSpecified)?.MaxSendMessageSize,
            MaxReceiveMessageSize = mostSpecificFirst.FirstOrDefault(o => o.MaxReceiveMessageSizeSpecified)?.MaxReceiveMessageSize,
            EnableDetailedErrors = mostSpecificFirst.Select(o => o.EnableDetailedErrors).FirstOrDefault(e => e is not null) ?? false,
            ResponseCompression = compression,
            ResponseCompressionLevel = mostSpecificFirst.Select(o => o.ResponseCompressionLevel).FirstOrDefault(l => l is not null),
            // The outermost interceptors are those for all services.
            Interceptors = [.. mostSpecificFirst.Reverse().SelectMany(o => o.Interceptors)],
            SuppressCreatingService = mostSpecificFirst.Any(o => o.SuppressCreatingService),
            IgnoreUnknownServices = mostSpecificFirst.Select(o => o.IgnoreUnknownServices).FirstOrDefault(i => i is not null) ?? false,
        };
    }
}
