using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Health.Outliers;

/// <summary>
/// Whose requests fail more often than those of the others. Two rules, each with a test that chance does not explain it. The first one is for any number from 2 on: by so much
/// more than with the better half of the others, who are good as long as no more than half of all are bad. The second one is Envoy's, for 5 and more, finer
/// and easily masked by several bad ones: so many standard deviations below the mean success rate.
/// </summary>
internal static class PeerComparison
{
    private const int LeastForStdev = 5;

    /// <param name="counts">Of each target, in an interval.</param>
    /// <param name="settings">How far is too far.</param>
    /// <returns>For each target that stands out, its place and why; the worst first.</returns>
    public static IEnumerable<(int Place, string Reason)> Outliers(IReadOnlyList<TallyCount> counts, OutlierSettings settings)
    {
        int[] compared = [.. Enumerable.Range(0, counts.Count).Where(i => counts[i].Volume >= settings.MinimumRequests).OrderByDescending(i => counts[i].Share)];
        if (compared.Length < 2) yield break;
        var mean = compared.Average(i => counts[i].Share);
        var deviation = Math.Sqrt(compared.Average(i => (counts[i].Share - mean) * (counts[i].Share - mean)));
        var all = compared.Aggregate(default(TallyCount), (sum, i) => sum + counts[i]);
        foreach (var i in compared)
        {
            var count = counts[i];
            var others = compared.Where(p => p != i).ToArray();
            var better = others.TakeLast((others.Length + 1) / 2).Aggregate(default(TallyCount), (sum, p) => sum + counts[p]);
            if (settings.FailureGapPercent > 0 && count.IsWorseThan(better, settings.FailureGapPercent / 100))
            {
                yield return (i, $"{Percent(count)} of {count.Volume:0} calls failed, with other targets {Percent(better)}");
            }
            else if (settings.StdevFactor > 0 && compared.Length >= LeastForStdev && count.Share - mean > settings.StdevFactor * deviation && count.IsWorseThan(all - count, 0))
            {
                yield return (i, $"{Percent(count)} of {count.Volume:0} calls failed, {(count.Share - mean) / deviation:0.0} standard deviations more than the mean of {mean:0.#%}");
            }
        }
    }

    private static string Percent(TallyCount count) => $"{count.Share:0.#%}";
}
