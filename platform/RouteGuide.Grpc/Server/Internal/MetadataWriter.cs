using System.Buffers;
using Grpc.Core;
using Grpc.Internal;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>Writes the application's metadata as headers or trailers.</summary>
internal static class MetadataWriter
{
    // gRPC over HTTP/2, "ASCII-Value": space and printable ASCII.
    private static readonly SearchValues<char> AllowedInText =
        SearchValues.Create(string.Create(0x7F - 0x20, 0, static (all, _) =>
        {
            for (var i = 0; i < all.Length; i++) all[i] = (char)(' ' + i);
        }));

    /// <summary>Appends all entries, or none.</summary>
    /// <exception cref="InvalidOperationException">An entry cannot be sent.</exception>
    public static void Append(IHeaderDictionary destination, Metadata metadata)
    {
        for (var i = 0; i < metadata.Count; i++) Check(metadata[i]);
        for (var i = 0; i < metadata.Count; i++)
        {
            var entry = metadata[i];
            if (IsForUs(entry.Key)) continue;
            var value = entry.IsBinary ? BinaryHeader.Encode(entry.BinaryValue) : entry.Value;
            destination[entry.Key] = StringValues.Concat(destination[entry.Key], value);
        }
    }

    private static void Check(Metadata.Entry entry)
    {
        if (entry.Key is "content-type" or "content-length" or "transfer-encoding" or GrpcHeaders.Encoding)
            throw new InvalidOperationException($"The metadata entry '{entry.Key}' cannot be sent: that header belongs to the protocol.");
        if (entry.IsBinary) return;

        var at = entry.Value.AsSpan().IndexOfAnyExcept(AllowedInText);
        if (at >= 0)
        {
            throw new InvalidOperationException(
                $"The metadata entry '{entry.Key}' cannot be sent: its character U+{(int)entry.Value[at]:X4} at {at} is not printable ASCII. Values of any kind go into keys that end in '-bin'.");
        }
    }

    // The call's own status goes over what the application put under its names; the last is not for the wire at all.
    private static bool IsForUs(string key) => key is GrpcHeaders.Status or GrpcHeaders.Message or GrpcHeaders.InternalEncodingRequest;
}
