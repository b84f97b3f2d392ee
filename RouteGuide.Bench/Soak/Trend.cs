namespace RouteGuide.Bench.Soak;

/// <summary>Whether a figure stays where it is: the straight line through its samples.</summary>
internal sealed class Trend
{
    private readonly List<(double At, double Value)> _samples = [];

    /// <param name="minutes">When.</param>
    /// <param name="value">How much.</param>
    public void Add(double minutes, double value) => _samples.Add((minutes, value));

    public int Count => _samples.Count;

    public double Mean => _samples.Average(s => s.Value);

    /// <summary>Growth a minute, by least squares; 0 with fewer than two samples.</summary>
    public double Slope
    {
        get
        {
            if (_samples.Count < 2) return 0;
            var (at, value) = (_samples.Average(s => s.At), Mean);
            var spread = _samples.Sum(s => (s.At - at) * (s.At - at));
            return spread == 0 ? 0 : _samples.Sum(s => (s.At - at) * (s.Value - value)) / spread;
        }
    }

    /// <summary>What the line gains from the first sample to the last.</summary>
    public double Growth => _samples.Count < 2 ? 0 : Slope * (_samples[^1].At - _samples[0].At);

    /// <summary>Growth below a share of the mean, or below what is noise in a process of any size.</summary>
    public bool IsFlat(double share, double noise) => Growth <= Math.Max(share * Mean, noise);
}
