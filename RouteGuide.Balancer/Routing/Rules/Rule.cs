using System.Collections.Immutable;
using RouteGuide.Balancer.Routing.Conditions;

namespace RouteGuide.Balancer.Routing.Rules;

/// <summary>What happens to requests that fit all of some conditions.</summary>
/// <param name="priority">1 to 50,000, lowest first; 0 for a default rule, which is asked last.</param>
/// <param name="conditions">All have to hold; none for a default rule.</param>
/// <param name="action">What happens.</param>
internal sealed class Rule(int priority, ImmutableArray<Condition> conditions, RuleAction action)
{
    public const int LowestPriority = 1;
    public const int HighestPriority = 50_000;

    public int Priority { get; } = priority;

    public bool IsDefault => Priority == 0;

    public RuleAction Action { get; } = action;

    /// <summary>Its conditions, for people.</summary>
    public string Words { get; init; } = "anything";

    public bool IsMatch(in RequestView request)
    {
        foreach (var condition in conditions)
        {
            if (!condition.IsMatch(in request)) return false;
        }

        return true;
    }

    public override string ToString() => IsDefault ? "default" : Priority.ToString();
}
