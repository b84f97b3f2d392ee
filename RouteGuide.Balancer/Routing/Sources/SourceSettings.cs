using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Routing.Sources;

/// <summary>From where a listener takes connections: what a security group is to a managed load balancer. Attributes of a listener.</summary>
internal sealed record SourceSettings
{
    /// <summary>Entries of a list.</summary>
    public const int MaxBlocks = 1_000;

    [Setting("allow", "addresses that may connect, as blocks such as `10.0.0.0/8`; all if the list is empty", Most = MaxBlocks)]
    public IReadOnlyList<CidrBlock> Allow { get; init; } = [];

    [Setting("deny", "addresses that may not connect, even if they are allowed", Most = MaxBlocks)]
    public IReadOnlyList<CidrBlock> Deny { get; init; } = [];
}
