using Grpc.Internal;
using Grpc.Net.Compression;

namespace Grpc.Net.Client.Internal;

/// <summary>The message encodings of a channel.</summary>
internal sealed class CompressionProviders
{
    private readonly Dictionary<string, ICompressionProvider> _byName = new(StringComparer.Ordinal);

    public CompressionProviders(IEnumerable<ICompressionProvider> providers)
    {
        foreach (var provider in providers)
        {
            if (!_byName.TryAdd(provider.EncodingName, provider))
                throw new ArgumentException($"There are two compression providers for '{provider.EncodingName}'.", nameof(providers));
        }

        AcceptEncoding = GrpcEncodings.AcceptEncodingOf(_byName.Keys);
        Names = string.Join(", ", _byName.Keys.Prepend(GrpcEncodings.Identity));
    }

    /// <summary>The value of <c>grpc-accept-encoding</c>.</summary>
    public string AcceptEncoding { get; }

    /// <summary>The names for people to read, identity included.</summary>
    public string Names { get; }

    public ICompressionProvider? Find(string encoding) => _byName.GetValueOrDefault(encoding);
}
