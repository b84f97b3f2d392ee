using RouteGuide.Balancer.Routing.Rules;
using RouteGuide.Balancer.Routing.Sources;

namespace RouteGuide.Balancer.Routing.Conditions;

/// <summary><c>source-ip</c>: the address that the connection comes from. What <c>x-forwarded-for</c> claims is not looked at.</summary>
internal sealed class SourceCondition(IEnumerable<CidrBlock> values) : Condition
{
    private readonly CidrBlock[] _values = [.. values];

    public override bool IsMatch(in RequestView request) => CidrBlock.AnyContains(_values, request.Source);
}
