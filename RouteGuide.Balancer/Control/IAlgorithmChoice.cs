using RouteGuide.Balancer.Balancing;

namespace RouteGuide.Balancer.Control;

/// <summary>Which algorithm the groups that run go by.</summary>
internal interface IAlgorithmChoice
{
    /// <summary>Has a group choose otherwise from its next pick on, until its settings say another algorithm than before. Any thread.</summary>
    /// <returns>The algorithm before; null if there is no such group.</returns>
    AlgorithmType? Choose(string group, AlgorithmType type);
}
