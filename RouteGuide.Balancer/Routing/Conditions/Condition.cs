using RouteGuide.Balancer.Routing.Rules;

namespace RouteGuide.Balancer.Routing.Conditions;

/// <summary>Something that a rule asks about a request. It never changes, and costs no allocation.</summary>
internal abstract class Condition
{
    public abstract bool IsMatch(in RequestView request);
}

/// <summary><c>host-header</c>: the host that is asked for, without its port, in any case.</summary>
internal sealed class HostCondition(IEnumerable<string> values) : Condition
{
    private readonly Wildcards _values = Wildcards.Make(values, ignoresCase: true);

    public override bool IsMatch(in RequestView request) => _values.IsMatch(request.Host);
}

/// <summary><c>path-pattern</c>: the path as it is written, without the query. Case matters, as it does to paths.</summary>
internal sealed class PathCondition(IEnumerable<string> values) : Condition
{
    private readonly Wildcards _values = Wildcards.Make(values, ignoresCase: false);

    public override bool IsMatch(in RequestView request) => _values.IsMatch(request.Path);
}

/// <summary><c>http-request-method</c>: exactly one of some methods. They are case-sensitive and have no wildcards.</summary>
internal sealed class MethodCondition(IEnumerable<string> values) : Condition
{
    private readonly byte[][] _values = [.. values.Select(System.Text.Encoding.ASCII.GetBytes)];

    public override bool IsMatch(in RequestView request)
    {
        foreach (var value in _values)
        {
            if (request.Method.SequenceEqual(value)) return true;
        }

        return false;
    }
}
