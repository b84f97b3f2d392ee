using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Proxy.Stickiness;

/// <summary>
/// Rendezvous hashing (Thaler and Ravishankar, 1998): each target draws a number for a key, and the highest has it. Nothing is stored, all
/// balancers agree, and when a target goes only its own keys move. With weights the draw is -w / ln u, which gives each its share.
/// </summary>
internal static class Rendezvous
{
    /// <summary>The target of a key; null if all were tried.</summary>
    public static Target? Pick(ReadOnlySpan<Target> targets, ulong key, List<Target> tried)
    {
        Target? best = null;
        var most = double.NegativeInfinity;
        foreach (var target in targets)
        {
            // The configured weight and not the snapshot's: that of a slow start changes, and balancers would differ.
            var score = ScoreOf(StableHash.Mix(key ^ target.NameHash), target.Weight);
            if (score <= most || tried.Contains(target)) continue;
            most = score;
            best = target;
        }

        return best;
    }

    // 53 bits make a number above 0 and below 1.
    private static double ScoreOf(ulong draw, int weight) => -weight / Math.Log(((draw >> 11) + 0.5) / (1UL << 53));
}
