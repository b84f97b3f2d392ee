using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Proxy;

/// <summary>The routes, with the groups at work behind them.</summary>
internal sealed class ProxyRoutes
{
    private readonly RouteTable _table;
    private readonly ProxyGroup[] _groups;

    /// <param name="table">Which group a request goes to.</param>
    /// <param name="start">Puts a group to work.</param>
    public ProxyRoutes(RouteTable table, Func<TargetGroup, ProxyGroup> start)
    {
        _table = table;
        _groups = [.. table.Groups.Select(start)];
        if (table.Only is { } only) Only = _groups[only.Index];
    }

    /// <summary>Where every request goes; null if it depends on the request.</summary>
    public ProxyGroup? Only { get; }

    public ReadOnlySpan<ProxyGroup> Groups => _groups;

    /// <inheritdoc cref="RouteTable.Choose"/>
    public ProxyGroup Choose(ReadOnlySpan<byte> target, bool isGrpc) => Only ?? _groups[_table.Choose(target, isGrpc).Index];
}
