namespace Grpc.Net.Client.Internal.Balancing;

/// <summary>
/// Turns by weight (gRFC A58, "static stride scheduler"): everyone is asked in turn, and passes as often as its weight is below the largest. The turns
/// of a server are spread evenly, and no lock is needed.
/// </summary>
internal sealed class Strides
{
    private const double Largest = ushort.MaxValue;

    private readonly ushort[] _weights;

    /// <param name="weights">One for each server; 0 for one that is not known, which counts as the mean of the others.</param>
    public Strides(double[] weights)
    {
        var known = weights.Where(w => w > 0).ToArray();
        // One weight alone compares with nothing.
        if (known.Length < 2)
        {
            _weights = [.. weights.Select(_ => ushort.MaxValue)];
            return;
        }

        var max = known.Max();
        var mean = known.Average();
        _weights = [.. weights.Select(w => (ushort)Math.Max(1, Math.Round((w > 0 ? w : mean) / max * Largest)))];
    }

    /// <summary>The server whose turn it is.</summary>
    public int Next(ref uint turn)
    {
        while (true)
        {
            var now = Interlocked.Increment(ref turn);
            var server = now % (uint)_weights.Length;
            var generation = now / (uint)_weights.Length;
            var weight = _weights[server];
            // Servers of equal weight pass in different generations.
            var offset = server * (uint)(ushort.MaxValue / 2);
            var rest = (((ulong)weight * generation) + offset) % ushort.MaxValue;
            if (rest >= (ulong)(ushort.MaxValue - weight)) return (int)server;
        }
    }
}
