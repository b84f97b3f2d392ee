using System.IO.Compression;
using Grpc.Internal;

namespace Grpc.Net.Compression;

/// <summary>The encoding <c>deflate</c>: as in HTTP, deflate data in the zlib format (RFC 1950), not bare.</summary>
/// <param name="defaultCompressionLevel">The level where a caller names none.</param>
public sealed class DeflateCompressionProvider(CompressionLevel defaultCompressionLevel) : ICompressionProvider
{
    /// <inheritdoc/>
    public string EncodingName => GrpcEncodings.Deflate;

    /// <inheritdoc/>
    public Stream CreateCompressionStream(Stream stream, CompressionLevel? compressionLevel) =>
        new ZLibStream(stream, compressionLevel ?? defaultCompressionLevel, leaveOpen: true);

    /// <inheritdoc/>
    public Stream CreateDecompressionStream(Stream stream) => new ZLibStream(stream, CompressionMode.Decompress, leaveOpen: true);
}
