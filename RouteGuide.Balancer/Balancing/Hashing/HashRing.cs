namespace RouteGuide.Balancer.Balancing.Hashing;

/// <summary>
/// A ring on which every target has many points; a key belongs to the first point behind it (Karger et al., STOC 1997). Shares are less
/// even than with <see cref="Maglev"/>, but between targets of equal weight not one key moves without need.
/// </summary>
internal sealed class HashRing : IHashTable
{
    /// <summary>Points of a target of average weight: shares then differ by about 8 %.</summary>
    public const int PointsPerTarget = 160;

    /// <summary>Points in all: with more targets, each has fewer.</summary>
    public const int MostPoints = 65_536;

    private readonly ulong[] _points;
    private readonly int[] _targets;

    /// <inheritdoc cref="Maglev(ReadOnlySpan{ulong}, ReadOnlySpan{double})"/>
    public HashRing(ReadOnlySpan<ulong> seeds, ReadOnlySpan<double> weights)
    {
        var sum = 0d;
        foreach (var weight in weights) sum += weight;
        var each = Math.Min(PointsPerTarget, (double)MostPoints / seeds.Length);
        var points = new List<ulong>();
        var targets = new List<int>();
        for (var i = 0; i < seeds.Length; i++)
        {
            var count = Math.Max(1, (int)Math.Round(each * weights[i] * seeds.Length / sum));
            for (var k = 0; k < count; k++)
            {
                points.Add(XxHash64.Mix(seeds[i] + (ulong)k * 0x9E3779B97F4A7C15));
                targets.Add(i);
            }
        }

        (_points, _targets) = ([.. points], [.. targets]);
        Array.Sort(_points, _targets);
    }

    public int Find(ulong hash)
    {
        var at = Array.BinarySearch(_points, hash);
        if (at < 0) at = ~at;
        return _targets[at < _points.Length ? at : 0];
    }
}
