using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Routing.Rules;

/// <summary>All rules of a listener, as configured.</summary>
/// <param name="Rules">In any order.</param>
/// <param name="DefaultActions">What happens to requests that fit none: one, or none for the balancer's own default.</param>
internal sealed record ListenerRules(IReadOnlyList<RuleSettings> Rules, IReadOnlyList<ActionSettings> DefaultActions)
{
    /// <summary>Rules of one listener.</summary>
    public const int MaxRules = 100;

    /// <summary>What is wrong with rules that are right by themselves: priorities that are there twice, groups that are not there.</summary>
    /// <param name="groups">The names of all groups.</param>
    public IEnumerable<SettingProblem> Check(IReadOnlyCollection<string> groups)
    {
        var taken = new Dictionary<int, int>();
        for (var i = 0; i < Rules.Count; i++)
        {
            if (!taken.TryAdd(Rules[i].Priority, i)) yield return new SettingProblem($"Rules:{i}:Priority", $"{Rules[i].Priority}", $"a priority of its own; rule {taken[Rules[i].Priority]} of this listener has the same");
        }

        var named = from rule in Rules.Select((r, i) => (r.Actions, Path: $"Rules:{i}:Actions")).Append((DefaultActions, "DefaultActions"))
                    from action in rule.Item1.Select((a, i) => (Settings: a, Path: $"{rule.Item2}:{i}"))
                    from name in action.Settings.Groups
                    select (Setting: $"{action.Path}:{name.Setting}", name.Name);
        foreach (var (setting, name) in named)
        {
            if (!groups.Contains(name, StringComparer.OrdinalIgnoreCase)) yield return new SettingProblem(setting, name, $"the name of a target group, one of: {string.Join(", ", groups)}");
        }
    }

    /// <summary>What the data path asks; for settings that were checked.</summary>
    /// <param name="find">The group of a name.</param>
    /// <param name="otherwise">For requests that fit no rule, if <see cref="DefaultActions"/> do not say.</param>
    /// <param name="otherwiseNotGrpc">The same for those that are not gRPC.</param>
    public RouteTable Build(Func<string, TargetGroup> find, TargetGroup otherwise, TargetGroup otherwiseNotGrpc)
    {
        var rules = Rules.OrderBy(r => r.Priority).Select(r => new Rule(r.Priority, [.. r.Conditions.Select(c => c.Build())], r.Actions[0].Build(find)) { Words = string.Join(" and ", r.Conditions.Select(c => c.Words)) });
        if (DefaultActions.Count > 0) return new RouteTable([.. rules], new Rule(0, [], DefaultActions[0].Build(find)));
        var byDefault = new Rule(0, [], ForwardAction.To(otherwise));
        return new RouteTable([.. rules], byDefault, otherwise == otherwiseNotGrpc ? byDefault : new Rule(0, [], ForwardAction.To(otherwiseNotGrpc)));
    }
}
