using System.Text.Json.Nodes;

namespace RouteGuide.Dashboard.Balancing;

/// <summary>Something that happened at the balancer.</summary>
internal sealed record BalancerMark(long Id, string Time, string Kind, string Group, string? Target, string? From, string? To, string Text);

/// <summary>The balancer as it was seen last.</summary>
internal sealed record BalancerEvent(
    bool Available, string? Message, bool Controllable, string? ControlMessage, string? FrontUrl, string? TcpUrl, JsonObject? Status, IReadOnlyList<BalancerMark> Marks);
