namespace RouteGuide.Balancer.Proxy;

/// <summary>
/// How long to wait before connecting once more, after connections that could not be made or did not last. It doubles up to a bound
/// and is spread by chance, so that many loops and many balancers do not come back to a recovering target at the same moment.
/// </summary>
internal struct Backoff
{
    private const int FirstMs = 50;

    private int _failures;

    /// <summary>No connection could be made.</summary>
    /// <returns>Milliseconds to wait: about 50 at first, never above <see cref="ProxyOptions.LongestReconnectDelayMs"/>.</returns>
    public int AfterFailure(Random random)
    {
        _failures++;
        return Delay(_failures, random);
    }

    /// <summary>A connection that stood is gone. The first one is replaced at once, and so is any that had lasted.</summary>
    public int AfterLoss(long livedMs, Random random)
    {
        if (livedMs >= ProxyOptions.LastingConnectionMs)
        {
            _failures = 0;
            return 0;
        }

        _failures++;
        return Delay(_failures - 1, random);
    }

    private static int Delay(int failures, Random random)
    {
        if (failures == 0) return 0;
        var most = Math.Min(ProxyOptions.LongestReconnectDelayMs, FirstMs << Math.Min(failures - 1, 16));
        return random.Next(most / 2, most + 1);
    }
}
