using System.IO.Compression;
using Grpc.Net.Compression;

namespace Grpc.Internal;

/// <summary>Names of the message encodings, and the providers that are there without any configuration.</summary>
internal static class GrpcEncodings
{
    public const string Identity = "identity";
    public const string Gzip = "gzip";
    public const string Deflate = "deflate";

    /// <summary>A fresh list of the built-in providers.</summary>
    public static List<ICompressionProvider> CreateDefaultProviders() =>
        [new GzipCompressionProvider(CompressionLevel.Fastest), new DeflateCompressionProvider(CompressionLevel.Fastest)];

    /// <summary>The value of <c>grpc-accept-encoding</c> that announces <paramref name="providers"/>.</summary>
    public static string AcceptEncodingOf(IEnumerable<string> providers) => string.Join(',', providers.Prepend(Identity));
}
