using RouteGuide.Balancer.Routing.Metering;

namespace RouteGuide.Balancer.Routing;

/// <summary>Targets that stand in for one another, and what they speak.</summary>
/// <param name="name">As in the settings.</param>
/// <param name="version">What its targets speak; fixed for the group's life.</param>
/// <param name="index">Its place among all groups, from 0.</param>
internal sealed class TargetGroup(string name, ProtocolVersion version, int index)
{
    /// <summary>Characters of a name.</summary>
    public const int MaxNameLength = 32;

    public string Name { get; } = name;

    public ProtocolVersion Version { get; } = version;

    public int Index { get; } = index;

    public TargetTable Targets { get; } = new();

    /// <summary>What was counted of the calls to it.</summary>
    public Slots<GroupCounts> Counts { get; } = new();

    /// <summary>
    /// Why a request cannot be carried to this group, ready for the caller; null if it can. HTTP/1.1 goes to HTTP1 alone; gRPC goes to
    /// anything but that; HTTP/2 goes anywhere, to GRPC as POST only.
    /// </summary>
    /// <param name="cameAsHttp2">The request is of HTTP/2, else of HTTP/1.</param>
    /// <param name="isGrpc">Its content type says so.</param>
    /// <param name="isPost">Its method is POST.</param>
    public string? WhyNot(bool cameAsHttp2, bool isGrpc, bool isPost) => (Version, cameAsHttp2) switch
    {
        (ProtocolVersion.Tcp, _) => Mismatch("which takes whole connections, of listeners in TCP mode alone"),
        (ProtocolVersion.Http1, false) or (ProtocolVersion.Http2, true) => null,
        (ProtocolVersion.Http1, true) => isGrpc ? Mismatch("which cannot carry gRPC") : null,
        (ProtocolVersion.Grpc, true) => isPost ? null : Mismatch("which takes POST requests alone"),
        _ => Mismatch("which takes HTTP/2 requests alone; this one came as HTTP/1"),
    };

    public override string ToString() => $"'{Name}' ({Version.Name()})";

    private string Mismatch(string why) => $"the target group '{Name}' has protocol version {Version.Name()}, {why}";
}
