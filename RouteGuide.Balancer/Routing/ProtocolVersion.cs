using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Routing;

/// <summary>What the targets of a group speak.</summary>
internal enum ProtocolVersion
{
    /// <summary>HTTP/1.1, in the settings <c>HTTP1</c>.</summary>
    [SettingName("HTTP1")]
    Http1,

    /// <summary>HTTP/2, in the settings <c>HTTP2</c>; what of it is gRPC is known to the targets.</summary>
    [SettingName("HTTP2")]
    Http2,

    /// <summary>gRPC over HTTP/2 and nothing else, in the settings <c>GRPC</c>.</summary>
    [SettingName("GRPC")]
    Grpc,

    /// <summary>Whatever clients say: connections are passed on whole. In the settings it is a group's protocol, TCP, that says so.</summary>
    Tcp,
}

internal static class ProtocolVersions
{
    /// <summary>The name in the settings.</summary>
    public static string Name(this ProtocolVersion version) => version switch
    {
        ProtocolVersion.Http1 => "HTTP1",
        ProtocolVersion.Http2 => "HTTP2",
        ProtocolVersion.Tcp => "TCP",
        _ => "GRPC",
    };
}
