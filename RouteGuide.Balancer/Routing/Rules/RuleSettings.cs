using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Routing.Rules;

/// <summary>A rule of a listener, in the vocabulary of AWS's load balancer. Whoever knows what calls can be told adds the attributes.</summary>
internal record RuleSettings : IChecked
{
    /// <summary>Comparisons that all conditions of a rule may cost together.</summary>
    public const int MaxEvaluations = 5;

    /// <summary>Wildcards in all conditions of a rule together.</summary>
    public const int MaxWildcards = 5;

    [Setting("Priority", "its place: the rule with the lowest one whose conditions all hold decides; no two of a listener are the same", Least = Rule.LowestPriority, Most = Rule.HighestPriority, Required = true)]
    public int Priority { get; init; }

    [Setting("Conditions", "all have to hold", Least = 1, Most = MaxEvaluations, Required = true)]
    public IReadOnlyList<ConditionSettings> Conditions { get; init; } = [];

    [Setting("Actions", "what happens then: exactly one", Least = 1, Most = 1, Required = true)]
    public IReadOnlyList<ActionSettings> Actions { get; init; } = [];

    public virtual IEnumerable<SettingProblem> Check()
    {
        var seen = new HashSet<ConditionField>();
        for (var i = 0; i < Conditions.Count; i++)
        {
            var field = Conditions[i].Field;
            if (!seen.Add(field) && field is not (ConditionField.HttpHeader or ConditionField.QueryString))
            {
                yield return new SettingProblem($"{nameof(Conditions)}:{i}:Field", ConditionSyntax.NameOf(field), "another field: only http-header and query-string may come more than once in a rule");
            }
        }

        if (Conditions.Sum(c => c.Evaluations) is > MaxEvaluations and var values) yield return new SettingProblem(nameof(Conditions), $"{values} values", $"at most {MaxEvaluations} values in all conditions of a rule together");
        if (Conditions.Sum(c => c.Wildcards) is > MaxWildcards and var wildcards) yield return new SettingProblem(nameof(Conditions), $"{wildcards} wildcards", $"at most {MaxWildcards} wildcards in all conditions of a rule together");
    }
}
