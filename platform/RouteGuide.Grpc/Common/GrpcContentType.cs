namespace Grpc.Internal;

/// <summary>The media type of gRPC: <c>application/grpc</c>, alone or followed by <c>+codec</c> or <c>; parameters</c>.</summary>
internal static class GrpcContentType
{
    public const string Value = "application/grpc";

    /// <summary>Whether a content type is gRPC's. <c>application/grpc-web</c> is another protocol and is not.</summary>
    public static bool IsGrpc(string? contentType) =>
        contentType is not null
        && contentType.StartsWith(Value, StringComparison.OrdinalIgnoreCase)
        && (contentType.Length == Value.Length || contentType[Value.Length] is ';' or '+');
}
