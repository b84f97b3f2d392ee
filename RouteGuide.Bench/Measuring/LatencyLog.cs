using System.Buffers.Text;

namespace RouteGuide.Bench.Measuring;

/// <summary>The times of calls that <c>h2load --log-file</c> wrote: start, status and microseconds of each, separated by tabs.</summary>
internal sealed class LatencyLog
{
    private readonly int[] _sorted;

    private LatencyLog(int[] sorted) => _sorted = sorted;

    public int Count => _sorted.Length;

    /// <exception cref="FormatException">A line is not as it should be, or there is none.</exception>
    public static LatencyLog Parse(ReadOnlySpan<byte> log)
    {
        var times = new List<int>();
        foreach (var range in log.Split((byte)'\n'))
        {
            var line = log[range];
            if (line.IsEmpty) continue;
            var time = line[(line.LastIndexOf((byte)'\t') + 1)..];
            if (!Utf8Parser.TryParse(time, out int micros, out var used) || used != time.Length) throw new FormatException($"line {times.Count + 1} of h2load's log is not as expected");
            times.Add(micros);
        }

        if (times.Count == 0) throw new FormatException("h2load's log is empty");
        times.Sort();
        return new LatencyLog([.. times]);
    }

    /// <summary>The time in milliseconds that so much of the calls took at most: the nearest rank.</summary>
    /// <param name="share">Above 0, up to 1.</param>
    public double Percentile(double share) => _sorted[Math.Clamp((int)Math.Ceiling(share * _sorted.Length) - 1, 0, _sorted.Length - 1)] / 1000.0;
}
