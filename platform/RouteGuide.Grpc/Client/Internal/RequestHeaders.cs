using System.Buffers;
using Grpc.Core;
using Grpc.Internal;

namespace Grpc.Net.Client.Internal;

/// <summary>The headers of requests (gRPC over HTTP/2, "Requests").</summary>
internal static class RequestHeaders
{
    private const string UserAgent = "user-agent";

    // "ASCII-Value" in the specification.
    private static readonly SearchValues<char> Printable = SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (char)c)]);

    /// <summary>Writes the protocol's own headers and the application's metadata.</summary>
    /// <param name="request">The request, with its content.</param>
    /// <param name="acceptEncoding">The value of <c>grpc-accept-encoding</c>.</param>
    /// <param name="encoding">The encoding of the request messages; null for none.</param>
    /// <param name="timeLeft">The time until the deadline; null for no deadline.</param>
    /// <param name="metadata">The application's metadata.</param>
    /// <exception cref="InvalidOperationException">A value of the metadata cannot be sent.</exception>
    public static void Write(HttpRequestMessage request, string acceptEncoding, string? encoding, TimeSpan? timeLeft, Metadata? metadata)
    {
        var headers = request.Headers;
        headers.TryAddWithoutValidation("TE", "trailers");
        headers.TryAddWithoutValidation(GrpcHeaders.AcceptEncoding, acceptEncoding);
        if (encoding is not null) headers.TryAddWithoutValidation(GrpcHeaders.Encoding, encoding);
        if (timeLeft is { } left) headers.TryAddWithoutValidation(GrpcHeaders.Timeout, GrpcTimeout.Encode(left));

        var userAgent = ClientInformation.UserAgent;
        for (var i = 0; i < metadata?.Count; i++)
        {
            var entry = metadata[i];
            if (IsReserved(entry.Key)) continue;
            if (entry.Key == UserAgent) userAgent = $"{userAgent} {TextOf(entry)}";
            else Add(request, entry);
        }

        headers.TryAddWithoutValidation("User-Agent", userAgent);
    }

    /// <summary>Writes metadata alone, after <see cref="Write"/>.</summary>
    /// <exception cref="InvalidOperationException">A value cannot be sent.</exception>
    public static void WriteMetadata(HttpRequestMessage request, Metadata metadata)
    {
        foreach (var entry in metadata)
        {
            if (!IsReserved(entry.Key)) Add(request, entry);
        }
    }

    private static void Add(HttpRequestMessage request, Metadata.Entry entry)
    {
        var value = entry.IsBinary ? BinaryHeader.Encode(entry.BinaryValue) : TextOf(entry);
        // A few names belong to the content in HttpClient's eyes, for example "expires".
        if (!request.Headers.TryAddWithoutValidation(entry.Key, value)) request.Content!.Headers.TryAddWithoutValidation(entry.Key, value);
    }

    // A line break in a value could become a header of its own behind a gateway that speaks HTTP/1.1.
    private static string TextOf(Metadata.Entry entry) => entry.Value.AsSpan().ContainsAnyExcept(Printable)
        ? throw new InvalidOperationException($"The value of the metadata key '{entry.Key}' has characters that cannot be sent: only printable ASCII can. Use a key that ends in '-bin'.")
        : entry.Value;

    // Written by the protocol alone: a second value would contradict what the call really does.
    private static bool IsReserved(string key) => key is GrpcHeaders.Timeout or GrpcHeaders.InternalEncodingRequest or "te" or "content-type" or "content-length";
}
