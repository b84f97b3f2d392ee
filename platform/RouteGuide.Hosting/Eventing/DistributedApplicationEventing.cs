using System.Collections.Immutable;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Eventing;

/// <inheritdoc cref="IDistributedApplicationEventing"/>
public class DistributedApplicationEventing : IDistributedApplicationEventing
{
    private ImmutableList<(Type Event, DistributedApplicationEventSubscription Subscription)> _subscriptions = [];

    /// <summary>Told of failures that nobody waits for.</summary>
    internal Action<Exception>? UnobservedFailure { get; set; }

    /// <inheritdoc/>
    public DistributedApplicationEventSubscription Subscribe<T>(Func<T, CancellationToken, Task> callback)
        where T : IDistributedApplicationEvent
    {
        ArgumentNullException.ThrowIfNull(callback);
        return Add<T>(new DistributedApplicationEventSubscription((@event, cancel) => callback((T)@event, cancel)));
    }

    /// <inheritdoc/>
    public DistributedApplicationEventSubscription Subscribe<T>(IResource resource, Func<T, CancellationToken, Task> callback)
        where T : IDistributedApplicationResourceEvent
    {
        ArgumentNullException.ThrowIfNull(resource);
        ArgumentNullException.ThrowIfNull(callback);
        return Add<T>(new DistributedApplicationResourceEventSubscription(
            resource,
            (@event, cancel) => ReferenceEquals(@event.Resource, resource) ? callback((T)@event, cancel) : Task.CompletedTask));
    }

    /// <inheritdoc/>
    public void Unsubscribe(DistributedApplicationEventSubscription subscription) =>
        ImmutableInterlocked.Update(ref _subscriptions, list => list.RemoveAll(s => ReferenceEquals(s.Subscription, subscription)));

    /// <inheritdoc/>
    public Task PublishAsync<T>(T @event, CancellationToken cancellationToken = default)
        where T : IDistributedApplicationEvent => PublishAsync(@event, EventDispatchBehavior.BlockingSequential, cancellationToken);

    /// <inheritdoc/>
    public Task PublishAsync<T>(T @event, EventDispatchBehavior dispatchBehavior, CancellationToken cancellationToken = default)
        where T : IDistributedApplicationEvent
    {
        ArgumentNullException.ThrowIfNull(@event);
        var handlers = _subscriptions.Where(s => s.Event == @event.GetType()).Select(s => s.Subscription.Callback).ToArray();
        switch (dispatchBehavior)
        {
            case EventDispatchBehavior.BlockingSequential:
                return Sequentially(handlers, @event, cancellationToken);
            case EventDispatchBehavior.BlockingConcurrent:
                return Concurrently(handlers, @event, cancellationToken);
            case EventDispatchBehavior.NonBlockingSequential:
                _ = Detached(() => Sequentially(handlers, @event, cancellationToken));
                return Task.CompletedTask;
            case EventDispatchBehavior.NonBlockingConcurrent:
                _ = Detached(() => Concurrently(handlers, @event, cancellationToken));
                return Task.CompletedTask;
            default:
                throw new ArgumentOutOfRangeException(nameof(dispatchBehavior), dispatchBehavior, "There is no such way to dispatch an event.");
        }
    }

    private static async Task Sequentially(Func<IDistributedApplicationEvent, CancellationToken, Task>[] handlers, IDistributedApplicationEvent @event, CancellationToken cancellationToken)
    {
        foreach (var handler in handlers) await handler(@event, cancellationToken).ConfigureAwait(false);
    }

    private static Task Concurrently(Func<IDistributedApplicationEvent, CancellationToken, Task>[] handlers, IDistributedApplicationEvent @event, CancellationToken cancellationToken) =>
        Task.WhenAll(handlers.Select(handler => Task.Run(() => handler(@event, cancellationToken), cancellationToken)));

    private async Task Detached(Func<Task> run)
    {
        try
        {
            await Task.Run(run).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            UnobservedFailure?.Invoke(failure);
        }
    }

    private DistributedApplicationEventSubscription Add<T>(DistributedApplicationEventSubscription subscription)
    {
        ImmutableInterlocked.Update(ref _subscriptions, list => list.Add((typeof(T), subscription)));
        return subscription;
    }
}
