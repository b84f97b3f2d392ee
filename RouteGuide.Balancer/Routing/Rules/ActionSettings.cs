using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Routing.Rules;

/// <summary>What a rule may do.</summary>
internal enum ActionType
{
    [SettingName("forward")]
    Forward,

    [SettingName("redirect")]
    Redirect,

    [SettingName("fixed-response")]
    FixedResponse,
}

/// <summary>A target group of a forward action.</summary>
internal sealed record TargetGroupTuple
{
    [Setting("TargetGroup", "the group's name", Required = true)]
    public string TargetGroup { get; init; } = "";

    [Setting("Weight", "its share beside the others of the action; nothing goes where it is 0", Least = 0, Most = 999)]
    public int Weight { get; init; } = 1;
}

/// <summary>Whether clients stay with the group that they were sent to first.</summary>
internal sealed record TargetGroupStickinessConfig
{
    [Setting("Enabled", "clients stay, by the cookie AWSALBTG")]
    public bool Enabled { get; init; }

    [Setting("DurationSeconds", "for how long after the last response", Least = 1, Most = 604_800)]
    public TimeSpan Duration { get; init; } = TimeSpan.FromDays(1);
}

/// <summary>Where requests go.</summary>
internal sealed record ForwardConfig : IChecked
{
    [Setting("TargetGroups", "up to 5 groups, among which each call is drawn", Least = 1, Most = 5, Required = true)]
    public IReadOnlyList<TargetGroupTuple> TargetGroups { get; init; } = [];

    [Setting("TargetGroupStickinessConfig", "whether clients stay with a group")]
    public TargetGroupStickinessConfig TargetGroupStickinessConfig { get; init; } = new();

    public IEnumerable<SettingProblem> Check()
    {
        if (TargetGroups.Count > 0 && TargetGroups.All(g => g.Weight == 0)) yield return new SettingProblem(nameof(TargetGroups), "all weights are 0", "a group with a weight above 0, as no request could go anywhere");
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < TargetGroups.Count; i++)
        {
            if (!names.Add(TargetGroups[i].TargetGroup)) yield return new SettingProblem($"{nameof(TargetGroups)}:{i}:TargetGroup", TargetGroups[i].TargetGroup, "each group once");
        }
    }
}

/// <summary>An action of a rule, in the vocabulary of AWS's load balancer.</summary>
internal sealed record ActionSettings : IChecked
{
    [Setting("Type", "what happens", Required = true)]
    public ActionType Type { get; init; }

    [Setting("TargetGroup", "for `forward`: the group, if it is only one")]
    public string? TargetGroup { get; init; }

    [Setting("ForwardConfig", "for `forward`: the groups")]
    public ForwardConfig? ForwardConfig { get; init; }

    [Setting("RedirectConfig", "for `redirect`")]
    public RedirectConfig? RedirectConfig { get; init; }

    [Setting("FixedResponseConfig", "for `fixed-response`")]
    public FixedResponseConfig? FixedResponseConfig { get; init; }

    /// <summary>The names of the groups that it forwards to, each with its setting's name.</summary>
    public IEnumerable<(string Setting, string Name)> Groups => Type != ActionType.Forward ? []
        : ForwardConfig is null ? [(nameof(TargetGroup), TargetGroup!)]
        : ForwardConfig.TargetGroups.Select((g, i) => ($"{nameof(ForwardConfig)}:TargetGroups:{i}:TargetGroup", g.TargetGroup));

    public IEnumerable<SettingProblem> Check()
    {
        var (own, isSet) = Type switch
        {
            ActionType.Forward => (nameof(ForwardConfig), ForwardConfig is not null ^ TargetGroup is not null),
            ActionType.Redirect => (nameof(RedirectConfig), RedirectConfig is not null),
            _ => (nameof(FixedResponseConfig), FixedResponseConfig is not null),
        };
        if (!isSet) yield return new SettingProblem(own, null, Type == ActionType.Forward ? $"either {nameof(TargetGroup)} or {own}" : "set, as the action's type asks for it");
        foreach (var (name, other, type) in ((string, bool, ActionType)[])[
            (nameof(TargetGroup), TargetGroup is not null, ActionType.Forward),
            (nameof(ForwardConfig), ForwardConfig is not null, ActionType.Forward),
            (nameof(RedirectConfig), RedirectConfig is not null, ActionType.Redirect),
            (nameof(FixedResponseConfig), FixedResponseConfig is not null, ActionType.FixedResponse)])
        {
            if (other && type != Type) yield return new SettingProblem(name, "set", $"nothing here: a rule has one action, and this one's type is another");
        }
    }

    /// <summary>What the rule does; for settings that were checked.</summary>
    /// <param name="find">The group of a name.</param>
    public RuleAction Build(Func<string, TargetGroup> find) => Type switch
    {
        ActionType.Redirect => RedirectConfig!.Build(),
        ActionType.FixedResponse => FixedResponseConfig!.Build(),
        _ when ForwardConfig is null => ForwardAction.To(find(TargetGroup!)),
        _ => new ForwardAction(
            [.. ForwardConfig.TargetGroups.Select(g => new WeightedGroup(find(g.TargetGroup), g.Weight))],
            ForwardConfig.TargetGroupStickinessConfig is { Enabled: true } sticky ? sticky.Duration : null),
    };
}
