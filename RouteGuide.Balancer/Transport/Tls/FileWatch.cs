namespace RouteGuide.Balancer.Transport.Tls;

/// <summary>Looks at the files of certificates from time to time, beside the calls' way.</summary>
internal sealed class FileWatch : IAsyncDisposable
{
    private readonly IReadOnlyList<IReloaded> _all;
    private readonly Action _onChanged;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;

    /// <param name="all">What is made of files.</param>
    /// <param name="interval">Between two looks.</param>
    /// <param name="onChanged">Called after a look that has led to something new.</param>
    /// <param name="time">For the interval.</param>
    /// <param name="logger">Is told what was reloaded and what could not be.</param>
    public FileWatch(IReadOnlyList<IReloaded> all, TimeSpan interval, Action onChanged, TimeProvider time, ILogger logger)
    {
        _all = all;
        _onChanged = onChanged;
        _logger = logger;
        _running = Run(new PeriodicTimer(interval, time));
    }

    /// <summary>What a change means, for the log.</summary>
    public string News { get; init; } = "new connections use the new content";

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
    }

    private async Task Run(PeriodicTimer timer)
    {
        using (timer)
        {
            try
            {
                while (await timer.WaitForNextTickAsync(_stopping.Token)) Look();
            }
            catch (OperationCanceledException)
            {
                // The balancer ends.
            }
        }
    }

    private void Look()
    {
        var changed = false;
        foreach (var one in _all)
        {
            var outcome = one.Poll();
            changed |= outcome.Changed;
            if (outcome.Changed) _logger.LogInformation("{Files} changed: {News}", one.Name, News);
            if (outcome.Failure is not null) _logger.LogWarning("What was read before stays in use, and the files are tried again: {Reason}", outcome.Failure);
        }

        if (changed) _onChanged();
    }
}
