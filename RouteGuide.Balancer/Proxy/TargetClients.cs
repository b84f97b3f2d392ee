using System.Collections.Concurrent;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Proxy;

/// <summary>The connections to all targets; a target's are closed when it is gone and its last call has ended.</summary>
internal sealed class TargetClients(ProxyOptions options) : IDisposable
{
    private readonly ConcurrentDictionary<Target, Lazy<TargetClient>> _clients = [];

    /// <summary>The connections to a target that the caller is inside of (<see cref="Target.TryBegin"/>).</summary>
    public TargetClient Of(Target target) => _clients.TryGetValue(target, out var client) ? client.Value : Add(target);

    /// <summary>Targets that connections are kept to.</summary>
    public int Count => _clients.Count;

    public void Dispose()
    {
        foreach (var target in _clients.Keys) Drop(target);
    }

    private TargetClient Add(Target target) => _clients.GetOrAdd(target, t => new Lazy<TargetClient>(() =>
    {
        t.Ended.ContinueWith(_ => Drop(t), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return new TargetClient(t.Address, options);
    })).Value;

    private void Drop(Target target)
    {
        if (_clients.TryRemove(target, out var client)) client.Value.Dispose();
    }
}
