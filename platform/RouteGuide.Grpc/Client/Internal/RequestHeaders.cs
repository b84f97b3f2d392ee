using System.Buffers;
using Grpc.Core;
using Grpc.Internal;

namespace Grpc.Net.Client.Internal;

/// <summary>Takes the headers of a request.</summary>
internal interface IFieldSink
{
    /// <summary>Adds a header, or a value to one that is there.</summary>
    /// <param name="name">In lower case.</param>
    /// <param name="value">Printable ASCII.</param>
    void Add(string name, string value);
}

/// <summary>The headers of requests (gRPC over HTTP/2, "Requests").</summary>
internal static class RequestHeaders
{
    private const string UserAgent = "user-agent";

    // "ASCII-Value" in the specification.
    private static readonly SearchValues<char> Printable = SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (char)c)]);

    /// <summary>Writes what is not the same in all requests of a channel: the call's own headers and the application's metadata.</summary>
    /// <param name="fields">Where they go.</param>
    /// <param name="head">What the request says.</param>
    /// <returns>What the application adds to the user agent; null for nothing.</returns>
    /// <exception cref="InvalidOperationException">A value of the metadata cannot be sent.</exception>
    public static string? Write(IFieldSink fields, in RequestHead head)
    {
        if (head.PreviousAttempts > 0) fields.Add(GrpcHeaders.PreviousAttempts, $"{head.PreviousAttempts}");
        if (head.Encoding is not null) fields.Add(GrpcHeaders.Encoding, head.Encoding);
        if (head.Deadline is { } deadline) fields.Add(GrpcHeaders.Timeout, GrpcTimeout.Encode(deadline - DateTime.UtcNow));

        string? userAgent = null;
        for (var i = 0; i < head.Metadata?.Count; i++)
        {
            var entry = head.Metadata[i];
            if (IsReserved(entry.Key)) continue;
            if (entry.Key == UserAgent) userAgent = userAgent is null ? TextOf(entry) : $"{userAgent} {TextOf(entry)}";
            else Add(fields, entry);
        }

        for (var i = 0; i < head.Credentials?.Count; i++)
        {
            if (!IsReserved(head.Credentials[i].Key)) Add(fields, head.Credentials[i]);
        }

        return userAgent;
    }

    private static void Add(IFieldSink fields, Metadata.Entry entry) => fields.Add(entry.Key, entry.IsBinary ? BinaryHeader.Encode(entry.BinaryValue) : TextOf(entry));

    // A line break in a value could become a header of its own behind a gateway that speaks HTTP/1.1.
    private static string TextOf(Metadata.Entry entry) => entry.Value.AsSpan().ContainsAnyExcept(Printable)
        ? throw new InvalidOperationException($"The value of the metadata key '{entry.Key}' has characters that cannot be sent: only printable ASCII can. Use a key that ends in '-bin'.")
        : entry.Value;

    // Written by the protocol alone: a second value would contradict what the call really does.
    private static bool IsReserved(string key) => key is GrpcHeaders.Timeout or GrpcHeaders.InternalEncodingRequest or "te" or "content-type" or "content-length";
}
