namespace RouteGuide.Balancer.Routing;

/// <summary>Learns from what becomes of calls. Called by many threads at once, for every attempt: it never allocates, and what takes long is left to others.</summary>
internal interface IOutcomeWatch
{
    /// <summary>An attempt has ended.</summary>
    void OnOutcome(Target target, in CallOutcome outcome);
}
