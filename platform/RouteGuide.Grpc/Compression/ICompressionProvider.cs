using System.IO.Compression;

namespace Grpc.Net.Compression;

/// <summary>One message encoding: its name on the wire and the streams that apply and undo it.</summary>
public interface ICompressionProvider
{
    /// <summary>The name in <c>grpc-encoding</c> and <c>grpc-accept-encoding</c>.</summary>
    string EncodingName { get; }

    /// <summary>Opens a stream that compresses what is written to it into <paramref name="stream"/>, which it leaves open.</summary>
    /// <param name="stream">Where the compressed bytes go.</param>
    /// <param name="compressionLevel">How hard to try; null for the provider's own default.</param>
    Stream CreateCompressionStream(Stream stream, CompressionLevel? compressionLevel);

    /// <summary>Opens a stream from which the decompressed bytes of <paramref name="stream"/> are read.</summary>
    /// <param name="stream">Where the compressed bytes come from; left open.</param>
    Stream CreateDecompressionStream(Stream stream);
}
