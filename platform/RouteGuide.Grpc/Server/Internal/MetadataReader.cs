using Grpc.Core;
using Grpc.Internal;
using Microsoft.AspNetCore.Http;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>Reads the application's metadata out of request headers.</summary>
internal static class MetadataReader
{
    /// <exception cref="FormatException">The value of a <c>-bin</c> header is not base64.</exception>
    public static Metadata Read(IHeaderDictionary headers)
    {
        var metadata = new Metadata();
        foreach (var (name, values) in headers)
        {
            if (IsOfProtocol(name)) continue;

            // Names that HTTP allows and metadata does not would make the application's own entries unreadable.
            var key = name.ToLowerInvariant();
            if (!MetadataKey.IsValid(key)) continue;

            var value = values.ToString();
            if (!MetadataKey.IsBinary(key))
            {
                metadata.Add(Metadata.Entry.TrustedText(key, value));
                continue;
            }

            foreach (var part in BinaryHeader.Split(value))
            {
                try
                {
                    metadata.Add(Metadata.Entry.TrustedBinary(key, BinaryHeader.Decode(value.AsSpan(part))));
                }
                catch (FormatException exception)
                {
                    throw new FormatException($"The request header '{key}' cannot be read. {exception.Message}", exception);
                }
            }
        }

        return metadata;
    }

    private static bool IsOfProtocol(string name) => name.Length > 0 && name[0] == ':'
        || name.Equals("te", StringComparison.OrdinalIgnoreCase)
        || name.Equals("host", StringComparison.OrdinalIgnoreCase)
        || name.Equals("content-type", StringComparison.OrdinalIgnoreCase)
        || name.Equals("content-encoding", StringComparison.OrdinalIgnoreCase)
        || name.Equals("accept-encoding", StringComparison.OrdinalIgnoreCase)
        || name.Equals(GrpcHeaders.Encoding, StringComparison.OrdinalIgnoreCase)
        || name.Equals(GrpcHeaders.AcceptEncoding, StringComparison.OrdinalIgnoreCase)
        || name.Equals(GrpcHeaders.Timeout, StringComparison.OrdinalIgnoreCase);
}
