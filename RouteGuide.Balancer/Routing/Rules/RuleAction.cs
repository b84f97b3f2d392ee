using System.Collections.Immutable;

namespace RouteGuide.Balancer.Routing.Rules;

/// <summary>What a rule does with a request.</summary>
internal abstract record RuleAction;

/// <summary>Sends it to one of some target groups, each as often as its weight says.</summary>
/// <param name="Groups">1 to 5; at least one has a weight above 0.</param>
/// <param name="Stickiness">For how long a client stays with the group that it was sent to first; null if it does not. 1 s to 7 days.</param>
internal sealed record ForwardAction(ImmutableArray<WeightedGroup> Groups, TimeSpan? Stickiness = null) : RuleAction
{
    /// <summary>Sends all to one group.</summary>
    public static ForwardAction To(TargetGroup group) => new([new WeightedGroup(group, 1)]);
}

/// <summary>A target group of a rule.</summary>
/// <param name="Group">Where to.</param>
/// <param name="Weight">0 to 999, beside those of the rule's other groups; with 0 nothing goes there.</param>
internal readonly record struct WeightedGroup(TargetGroup Group, int Weight);

/// <summary>Answers with text.</summary>
/// <param name="Status">2xx, 4xx or 5xx.</param>
/// <param name="ContentType">Of the body.</param>
/// <param name="Body">Up to 1,024 characters.</param>
internal sealed record FixedResponseAction(int Status, string ContentType, string Body) : RuleAction;
