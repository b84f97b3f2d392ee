using RouteGuide.Balancer.Proxy.Calls;
using RouteGuide.Balancer.Proxy.Stickiness;
using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Routing.Rules;
using RouteGuide.Http2.Hpack;

namespace RouteGuide.Balancer.Proxy;

/// <summary>A rule at work: the groups behind it, and all that calls by this rule have in common. It never changes.</summary>
internal sealed class ProxyRule
{
    private readonly ProxyGroup[] _groups = [];
    private readonly int[] _upTo = []; // the weights, each with those before it
    private readonly int _total;

    /// <param name="rule">What it is.</param>
    /// <param name="groups">All groups at work.</param>
    /// <param name="calls">How its calls are treated; null if the rule says nothing of it.</param>
    public ProxyRule(Rule rule, ProxyGroups groups, CallPolicy? calls = null)
    {
        Rule = rule;
        Calls = calls;
        if (rule.Action is not ForwardAction forward) return;
        IsForward = true;
        WeightedGroup[] weighted = [.. forward.Groups.Where(g => g.Weight > 0)];
        _groups = [.. weighted.Select(g => groups.Of(g.Group))];
        _upTo = new int[weighted.Length];
        for (var i = 0; i < weighted.Length; i++) _upTo[i] = _total += weighted[i].Weight;
        if (_groups.Length == 1) Only = _groups[0];
        if (forward.Stickiness is { } duration) Stickiness = new GroupStickiness(duration, groups.Seal);
    }

    public Rule Rule { get; }

    /// <summary>How many rules are asked until it is found; 0 if none has to be.</summary>
    public int Position { get; init; }

    /// <summary>How its calls are treated; null where nothing is done to them.</summary>
    public CallPolicy? Calls { get; }

    /// <summary>It sends requests to a group; else the balancer answers itself.</summary>
    public bool IsForward { get; }

    /// <summary>Where all of its requests go; null if that is a matter of chance, or they go nowhere.</summary>
    public ProxyGroup? Only { get; }

    /// <summary>Clients stay with a group; null if they do not.</summary>
    public GroupStickiness? Stickiness { get; }

    /// <summary>What a request brings along may say where it goes.</summary>
    public bool IsSticky => Stickiness is not null || Array.Exists(_groups, static g => g.Stickiness is not null);

    /// <summary>Where one call goes. The rule is to forward.</summary>
    /// <param name="headers">As the client sent them, names in lower case; may be null if the rule is not <see cref="IsSticky"/>.</param>
    /// <param name="random">Draws among weighted groups.</param>
    public CallRoute Route(HeaderList? headers, Random random)
    {
        var group = Only ?? (headers is null ? null : Stickiness?.Find(headers, _groups)) ?? Draw(random);
        return new CallRoute(this, group, headers is not null && group.Stickiness is { } sticky ? sticky.Read(headers) : default);
    }

    /// <summary>Requests of some kind may go to each of its groups by HTTP/2.</summary>
    public bool Takes(in RequestKind kind, bool isPost)
    {
        foreach (var group in _groups)
        {
            if (group.Group.Version == ProtocolVersion.Http1 || group.Group.WhyNot(cameAsHttp2: true, kind.IsGrpc, isPost) is not null) return false;
        }

        return true;
    }

    private ProxyGroup Draw(Random random)
    {
        var at = random.Next(_total);
        var i = 0;
        while (at >= _upTo[i]) i++;
        return _groups[i];
    }
}
