using RouteGuide.Balancer.Proxy;
using RouteGuide.Balancer.Proxy.Calls;
using RouteGuide.Balancer.Proxy.Tcp;
using RouteGuide.Balancer.Routing.Rules;
using RouteGuide.Balancer.Routing.Sources;
using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Configuration;

/// <summary>A listener as configured.</summary>
internal sealed record ListenerConfiguration : IChecked
{
    [Setting("Url", "where it listens: `https://host:port`, `http://host:port`, or `tcp://host:port` for connections that are passed on whole", Required = true)]
    public string Url { get; init; } = "";

    [Setting("Rules", "what becomes of requests", Most = ListenerRules.MaxRules)]
    public IReadOnlyList<ListenerRule> Rules { get; init; } = [];

    [Setting("DefaultActions", "what becomes of requests that no rule is for: one action; without one they go to the group `default`, those that are not gRPC to `DefaultHttpGroup`", Most = 1)]
    public IReadOnlyList<ActionSettings> DefaultActions { get; init; } = [];

    [Setting("DefaultAttributes", "how their calls are treated; if not set, as `Balancer:DefaultAttributes` says")]
    public CallSettings? DefaultAttributes { get; init; }

    [Setting("Attributes", "how it behaves")]
    public ListenerAttributes Attributes { get; init; } = new();

    public IEnumerable<SettingProblem> Check()
    {
        if (!Url.StartsWith("tcp:", StringComparison.OrdinalIgnoreCase)) yield break;
        if (Rules.Count > 0) yield return new SettingProblem(nameof(Rules), $"{Rules.Count} entries", "empty, as nobody reads requests in TCP mode");
        if (DefaultActions.Count > 0 && (DefaultActions[0].Type != ActionType.Forward || DefaultActions[0].Groups.Count() != 1)) yield return new SettingProblem(nameof(DefaultActions), $"{DefaultActions.Count} entries", "one action that forwards to one target group, as there are no requests in TCP mode");
    }
}

/// <summary>A rule of a listener, with how its calls are treated.</summary>
internal sealed record ListenerRule : RuleSettings
{
    [Setting("Attributes", "how the calls of this rule are treated; if not set, as those that no rule is for")]
    public CallSettings? Attributes { get; init; }
}

/// <summary>The attributes of a listener.</summary>
internal sealed record ListenerAttributes
{
    [Setting("source", "who may connect")]
    public SourceSettings Source { get; init; } = new();

    [Setting("routing.response_headers.enabled", "responses say which target they are from, and by which attempt: `x-routeguide-target`, `x-routeguide-attempt`")]
    public bool NamesTargets { get; init; }

    [Setting("proxy_protocol", "what a proxy before it says")]
    public ProxyProtocolSettings ProxyProtocol { get; init; } = new();

    [Setting("tcp", "for `tcp://` alone")]
    public TcpSettings Tcp { get; init; } = new();
}
