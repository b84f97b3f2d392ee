using RouteGuide.Balancer.Balancing;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Tests.Balancer.Algorithms;

/// <summary>Targets for an algorithm to choose from, and what it chose.</summary>
internal sealed class Pool
{
    public Pool(params int[] weights)
        : this([.. weights.Select((w, i) => New(i, w))])
    {
    }

    public Pool(Target[] targets, Func<Target, double>? share = null)
    {
        Targets = targets;
        Snapshot = new TargetSnapshot([.. targets.Select(t => new TargetEntry(t, Draining: false, Suspect: false, share?.Invoke(t) ?? 1))]);
    }

    public Target[] Targets { get; }

    public TargetSnapshot Snapshot { get; }

    public Target this[int index] => Targets[index];

    public static Target New(int index, int weight = 1)
    {
        Assert.True(TargetAddress.TryParse($"http://10.0.{index / 250}.{index % 250 + 1}:50051", out var address, out var error), error);
        return new Target($"t{index}", address, leased: false) { Weight = weight };
    }

    /// <summary>One pick of a call that ends at once.</summary>
    public int Pick(IPicker picker, PickInput input = default) => Array.IndexOf(Targets, picker.Pick(Snapshot, in input, out _));

    /// <summary>How often each is picked, one call after another.</summary>
    public int[] Count(IPicker picker, int picks, Func<int, PickInput>? input = null)
    {
        var counts = new int[Targets.Length];
        for (var i = 0; i < picks; i++) counts[Pick(picker, input?.Invoke(i) ?? default)]++;
        return counts;
    }

    /// <summary>How often each is picked by four threads at once.</summary>
    public int[] CountAtOnce(IPicker picker, int picks)
    {
        var counts = new int[Targets.Length];
        Parallel.For(0, picks, new ParallelOptions { MaxDegreeOfParallelism = 4 }, _ => Interlocked.Increment(ref counts[Pick(picker)]));
        return counts;
    }

    /// <summary>Picks calls that stay.</summary>
    public int[] Hold(IPicker picker, int calls)
    {
        for (var i = 0; i < calls; i++) Assert.True(picker.Pick(Snapshot, default, out _).TryBegin());
        return [.. Targets.Select(t => t.InFlight)];
    }

    /// <summary>Fails if counts differ from shares by more than chance explains once in a hundred thousand times (Wilson and Hilferty's form of chi-square).</summary>
    public static void AssertShares(int[] counts, params double[] weights)
    {
        var (total, sum) = (counts.Sum(), weights.Sum());
        var chi = counts.Zip(weights, (c, w) => (c - total * w / sum) * (c - total * w / sum) / (total * w / sum)).Sum();
        var freedom = counts.Length - 1;
        var limit = freedom * Math.Pow(1 - 2d / (9 * freedom) + 4.27 * Math.Sqrt(2d / (9 * freedom)), 3);
        Assert.True(chi <= limit, $"chi-square {chi:0.0}, expected at most {limit:0.0}: {string.Join(", ", counts)}");
    }
}
