using RouteGuide.Balancer.Balancing.Hashing;

namespace RouteGuide.Balancer.Balancing;

/// <summary>Makes algorithms.</summary>
internal static class Pickers
{
    /// <param name="settings">Which one.</param>
    /// <param name="time">For those that learn.</param>
    /// <param name="random">Where chance begins; the same seed gives the same draws.</param>
    public static IPicker Create(AlgorithmSettings settings, TimeProvider time, Random random)
    {
        var dice = new Dice((ulong)random.NextInt64(long.MinValue, long.MaxValue));
        return settings.Type switch
        {
            AlgorithmType.RoundRobin => new RoundRobin(),
            AlgorithmType.LeastOutstandingRequests => new LeastOutstandingRequests(),
            AlgorithmType.WeightedRandom => new WeightedRandom(dice),
            AlgorithmType.PowerOfTwoChoices => new PowerOfTwoChoices(dice),
            AlgorithmType.PeakEwma => new PeakEwma(dice, settings.EwmaDecay, time),
            AlgorithmType.ConsistentHash when settings.Hash.Table == HashTable.Ring => new ConsistentHash(static (seeds, weights) => new HashRing(seeds, weights)),
            AlgorithmType.ConsistentHash => new ConsistentHash(static (seeds, weights) => new Maglev(seeds, weights)),
            AlgorithmType.OrcaWeightedRoundRobin => new OrcaWeightedRoundRobin(settings.Orca, time),
            _ => throw new ArgumentOutOfRangeException(nameof(settings), settings.Type, "There is no such algorithm."),
        };
    }
}
