using Grpc.Core;
using Grpc.Internal;
using Microsoft.Extensions.Logging;

namespace Grpc.Net.Client.Internal;

/// <summary>Turns received headers or trailers into the metadata that applications see.</summary>
internal static partial class ResponseMetadata
{
    /// <summary>Adds a field, unless it is the protocol's own.</summary>
    public static void Add(Metadata metadata, string receivedName, string value, ILogger logger)
    {
        var name = LowerCase(receivedName);
        if (IsProtocol(name) || !MetadataKey.IsValid(name)) return;
        if (MetadataKey.IsBinary(name)) AddBinary(metadata, name, value, logger);
        else metadata.Add(Metadata.Entry.TrustedText(name, value));
    }

    private static void AddBinary(Metadata metadata, string name, string value, ILogger logger)
    {
        foreach (var part in BinaryHeader.Split(value))
        {
            try
            {
                metadata.Add(Metadata.Entry.TrustedBinary(name, BinaryHeader.Decode(value.AsSpan()[part])));
            }
            catch (FormatException e)
            {
                // The peer's mistake in one entry must not cost the application the call's status or the other entries.
                LogNotBase64(logger, name, e);
            }
        }
    }

    // HttpClient gives the names that it knows in its own spelling, for example Date.
    private static string LowerCase(string name) => MetadataKey.IsValid(name) ? name : name.ToLowerInvariant();

    private static bool IsProtocol(string name) =>
        name is GrpcHeaders.Status or GrpcHeaders.Message or GrpcHeaders.Encoding or GrpcHeaders.AcceptEncoding or "content-type" or "content-encoding";

    [LoggerMessage(EventId = 20, Level = LogLevel.Warning, Message = "The value received for the metadata key '{Key}' is not base64. It is left out.")]
    private static partial void LogNotBase64(ILogger logger, string key, Exception exception);
}
