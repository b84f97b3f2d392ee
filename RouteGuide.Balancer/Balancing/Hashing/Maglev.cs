namespace RouteGuide.Balancer.Balancing.Hashing;

/// <summary>
/// The table of "Maglev: A Fast and Reliable Software Network Load Balancer" (NSDI 2016, section 3.4): every target has an order of all
/// places of its own and takes the first free one whenever it is its turn; who weighs more has more turns. Finding is one look, shares are
/// nearly exact, and when a target goes, few places change hands but its own.
/// </summary>
internal sealed class Maglev : IHashTable
{
    /// <summary>Places. A prime, so that any step meets all of them; the smaller one of the paper. A hundred for each of 655 targets.</summary>
    public const int Size = 65_537;

    private readonly int[] _places = new int[Size];

    /// <param name="seeds">A hash of each target's name, in an order that is the same everywhere.</param>
    /// <param name="weights">At the same places. Above 0.</param>
    public Maglev(ReadOnlySpan<ulong> seeds, ReadOnlySpan<double> weights)
    {
        var next = new int[seeds.Length];
        var steps = new int[seeds.Length];
        var turns = new double[seeds.Length];
        var most = 0d;
        for (var i = 0; i < seeds.Length; i++)
        {
            next[i] = (int)(seeds[i] % Size);
            steps[i] = (int)(XxHash64.Mix(seeds[i]) % (Size - 1)) + 1;
            most = Math.Max(most, weights[i]);
        }

        Array.Fill(_places, -1);
        for (var taken = 0; taken < Size;)
        {
            for (var i = 0; i < seeds.Length && taken < Size; i++)
            {
                turns[i] += weights[i] / most;
                if (turns[i] < 1) continue;
                turns[i]--;
                while (_places[next[i]] >= 0) next[i] = (next[i] + steps[i]) % Size;
                _places[next[i]] = i;
                taken++;
            }
        }
    }

    public int Find(ulong hash) => _places[hash % Size];
}
