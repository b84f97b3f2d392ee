namespace RouteGuide.Balancer.Routing;

/// <summary>What the targets of a group speak.</summary>
internal enum ProtocolVersion
{
    /// <summary>HTTP/1.1, in the settings <c>HTTP1</c>.</summary>
    Http1,

    /// <summary>HTTP/2, in the settings <c>HTTP2</c>; what of it is gRPC is known to the targets.</summary>
    Http2,

    /// <summary>gRPC over HTTP/2 and nothing else, in the settings <c>GRPC</c>.</summary>
    Grpc,
}

internal static class ProtocolVersions
{
    /// <summary>The name in the settings.</summary>
    public static string Name(this ProtocolVersion version) => version switch
    {
        ProtocolVersion.Http1 => "HTTP1",
        ProtocolVersion.Http2 => "HTTP2",
        _ => "GRPC",
    };

    /// <summary>Reads the name in the settings, in any case.</summary>
    public static bool TryParse(string? text, out ProtocolVersion version)
    {
        foreach (var candidate in Enum.GetValues<ProtocolVersion>())
        {
            version = candidate;
            if (candidate.Name().Equals(text, StringComparison.OrdinalIgnoreCase)) return true;
        }

        version = default;
        return false;
    }
}
