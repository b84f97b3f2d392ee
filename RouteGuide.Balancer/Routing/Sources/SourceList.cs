using System.Net;

namespace RouteGuide.Balancer.Routing.Sources;

/// <summary>Says from where connections are taken. It never changes.</summary>
internal sealed class SourceList(SourceSettings settings)
{
    /// <summary>Takes connections from everywhere.</summary>
    public static readonly SourceList Everybody = new(new SourceSettings());

    private readonly CidrBlock[] _allowed = [.. settings.Allow];
    private readonly CidrBlock[] _denied = [.. settings.Deny];

    /// <summary>Whether an address may connect: it is allowed, and not denied.</summary>
    public bool Admits(IPAddress address) =>
        (_allowed.Length == 0 || CidrBlock.AnyContains(_allowed, address)) && (_denied.Length == 0 || !CidrBlock.AnyContains(_denied, address));
}
