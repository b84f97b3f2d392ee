namespace RouteGuide.Balancer.Balancing;

/// <summary>
/// Draws places by chance, each as often as its weight says, with two looks however many there are: Walker's alias method, in Vose's form
/// (1991). Each place keeps a part of one n-th of the chance to itself and leaves the rest to one other.
/// </summary>
internal sealed class WeightedDraw
{
    private readonly double[] _own;
    private readonly int[] _other;

    /// <param name="weights">Above 0.</param>
    public WeightedDraw(ReadOnlySpan<double> weights)
    {
        var sum = 0d;
        foreach (var weight in weights) sum += weight;
        var count = weights.Length;
        (_own, _other) = (new double[count], new int[count]);
        var (poor, rich) = (new Stack<int>(), new Stack<int>());
        for (var i = 0; i < count; i++)
        {
            (_own[i], _other[i]) = (weights[i] * count / sum, i);
            (_own[i] < 1 ? poor : rich).Push(i);
        }

        while (poor.TryPop(out var less) && rich.TryPop(out var more))
        {
            _other[less] = more;
            _own[more] -= 1 - _own[less];
            (_own[more] < 1 ? poor : rich).Push(more);
        }

        // What is left over is 1 but for rounding, and is its own other.
    }

    /// <param name="bits">64 random ones.</param>
    public int Draw(ulong bits)
    {
        var place = Dice.Below(_own.Length, bits);
        return Dice.Fraction(bits) < _own[place] ? place : _other[place];
    }
}
