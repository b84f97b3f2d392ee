namespace RouteGuide.Balancer.Health.Checks;

/// <summary>Bounds how many checks run at once in the whole balancer: a thousand targets that hang must not hold a thousand connections.</summary>
internal sealed class CheckGate : IDisposable
{
    /// <summary>A thousand targets that all time out within 5 s still have their turn within the default interval.</summary>
    public const int MaxAtOnce = 256;

    private readonly SemaphoreSlim _free = new(MaxAtOnce);

    /// <summary>Waits for a turn; each is given back by <see cref="Leave"/>.</summary>
    public Task Enter(CancellationToken cancellation) => _free.WaitAsync(cancellation);

    public void Leave()
    {
        try
        {
            _free.Release();
        }
        catch (ObjectDisposedException)
        {
            // The balancer has ended while a check was under way.
        }
    }

    public void Dispose() => _free.Dispose();
}
