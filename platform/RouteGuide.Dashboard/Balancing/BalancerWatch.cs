using RouteGuide.Dashboard.Resources;
using RouteGuide.Dashboard.Streaming;
using RouteGuide.Dashboard.Web;

namespace RouteGuide.Dashboard.Balancing;

/// <summary>Asks for the balancer's status once a second for as long as somebody watches, however many they are.</summary>
internal sealed class BalancerWatch(BalancerAdmin admin, BalancerLocator locator, ResourceBook book, Palette palette, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly StatusMapping _mapping = new(book, palette);
    private readonly SemaphoreSlim _asking = new(1, 1);
    private readonly Pulse _pulse = new();
    private CancellationTokenSource? _running;
    private BalancerEvent? _last;
    private int _watchers;

    /// <summary>The status, one after the other, until nobody wants it any more.</summary>
    public async Task Follow(Func<BalancerEvent, ValueTask> send, CancellationToken cancellationToken)
    {
        Enter();
        try
        {
            BalancerEvent? sent = null;
            while (true)
            {
                var next = _pulse.Next;
                if (Volatile.Read(ref _last) is { } last && !ReferenceEquals(last, sent)) await send(sent = last);
                await next.WaitAsync(cancellationToken);
            }
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>The status now.</summary>
    public async Task<BalancerEvent> Ask(CancellationToken cancellationToken)
    {
        await _asking.WaitAsync(cancellationToken);
        try
        {
            var place = locator.Find();
            var (front, tcp) = (place.Front?.ToString(), place.Tcp?.ToString());
            var control = place.AdminKey is null ? "The balancer's admin key is not known: ADMIN_KEY is not in its environment." : null;
            try
            {
                var status = await admin.Status(cancellationToken);
                return new BalancerEvent(true, null, control is null, control, front, tcp, _mapping.Status(status), StatusMapping.Marks(status));
            }
            catch (Exception odd) when (odd is InvalidOperationException or ArgumentException or FormatException)
            {
                return new BalancerEvent(false, $"The balancer's status is not understood: {odd.Message}", false, control, front, tcp, null, []);
            }
            catch (ProblemException away)
            {
                return new BalancerEvent(false, away.Message, false, control, front, tcp, null, []);
            }
        }
        finally
        {
            _asking.Release();
        }
    }

    public void Dispose()
    {
        _running?.Dispose();
        _asking.Dispose();
    }

    private void Enter()
    {
        lock (_lock)
        {
            if (_watchers++ > 0) return;
            _last = null;
            _running = new CancellationTokenSource();
            _ = Run(_running.Token);
        }
    }

    private void Leave()
    {
        lock (_lock)
        {
            if (--_watchers > 0) return;
            _running!.Cancel();
            _running.Dispose();
        }
    }

    private async Task Run(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Pause, time);
        try
        {
            do
            {
                Volatile.Write(ref _last, await Ask(cancellationToken));
                _pulse.Beat();
            }
            while (await timer.WaitForNextTickAsync(cancellationToken));
        }
        catch (OperationCanceledException)
        {
            // Nobody watches any more.
        }
    }
}

/// <summary>The balancer, once a second.</summary>
/// <param name="watch">Asks it.</param>
internal sealed class BalancerTopic(BalancerWatch watch) : ITopic
{
    public string Name => "balancer";

    public Func<TopicWriter, CancellationToken, Task> Open(IQueryCollection query) =>
        (writer, cancellationToken) => watch.Follow(status => writer.Send(status, cancellationToken), cancellationToken);
}
