namespace RouteGuide.Balancer.Routing.Metering;

/// <summary>How fast a target has answered in the last ten to twenty seconds. Written by one thread; a reader may miss what changes while it reads.</summary>
internal sealed class LatencyWindow
{
    private const int Seconds = 10;

    private int[] _current = [];
    private int[] _previous = [];
    private long _until; // of the current half, on the clock's scale
    private long _from; // since when the figures count

    /// <summary>An answer has come.</summary>
    /// <param name="microseconds">That it took.</param>
    /// <param name="now">Timestamp of the clock.</param>
    /// <param name="frequency">Of the clock.</param>
    public void Add(long microseconds, long now, long frequency)
    {
        if (now >= _until) Turn(now, frequency * Seconds);
        _current[LatencyBuckets.IndexOf(microseconds)]++;
    }

    /// <summary>Adds its counts to others.</summary>
    /// <param name="sums">One for each class of <see cref="LatencyBuckets"/>.</param>
    /// <param name="now">Timestamp of the clock.</param>
    /// <param name="frequency">Of the clock.</param>
    /// <returns>Seconds in which they were counted; 0 if there are none.</returns>
    public double AddTo(Span<long> sums, long now, long frequency)
    {
        var until = Volatile.Read(ref _until);
        var length = frequency * Seconds;
        if (_current.Length == 0 || now >= until + length) return 0;
        for (var i = 0; i < sums.Length; i++) sums[i] += _current[i];
        var from = until - length;
        if (now < until)
        {
            from = _from;
            for (var i = 0; i < sums.Length; i++) sums[i] += _previous[i];
        }

        // One call in the first millisecond would else be a thousand a second.
        return Math.Max(1, (now - from) / (double)frequency);
    }

    private void Turn(long now, long length)
    {
        if (_current.Length == 0) (_current, _previous) = (new int[LatencyBuckets.Count], new int[LatencyBuckets.Count]);
        (_current, _previous) = (_previous, _current);
        Array.Clear(_current);
        if (_until > 0 && now < _until + length)
        {
            _from = _until - length;
            Volatile.Write(ref _until, _until + length);
        }
        else
        {
            Array.Clear(_previous);
            _from = now;
            Volatile.Write(ref _until, now + length);
        }
    }
}
