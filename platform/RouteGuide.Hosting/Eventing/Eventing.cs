using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Eventing;

/// <summary>Something that happens in the life of an application.</summary>
public interface IDistributedApplicationEvent;

/// <summary>Something that happens to one resource.</summary>
public interface IDistributedApplicationResourceEvent : IDistributedApplicationEvent
{
    /// <summary>The resource.</summary>
    IResource Resource { get; }
}

/// <summary>How the handlers of an event run.</summary>
public enum EventDispatchBehavior
{
    /// <summary>One after the other; the publisher waits; the first failure ends it.</summary>
    BlockingSequential,

    /// <summary>All at once; the publisher waits; failures are gathered.</summary>
    BlockingConcurrent,

    /// <summary>One after the other; nobody waits.</summary>
    NonBlockingSequential,

    /// <summary>All at once; nobody waits.</summary>
    NonBlockingConcurrent,
}

/// <summary>A handler that was subscribed.</summary>
/// <param name="callback">The handler.</param>
public class DistributedApplicationEventSubscription(Func<IDistributedApplicationEvent, CancellationToken, Task> callback)
{
    /// <summary>The handler.</summary>
    public Func<IDistributedApplicationEvent, CancellationToken, Task> Callback { get; } = callback;
}

/// <summary>A handler that was subscribed for one resource.</summary>
/// <param name="resource">The resource.</param>
/// <param name="callback">The handler.</param>
public class DistributedApplicationResourceEventSubscription(IResource? resource, Func<IDistributedApplicationResourceEvent, CancellationToken, Task> callback)
    : DistributedApplicationEventSubscription((@event, cancel) => callback((IDistributedApplicationResourceEvent)@event, cancel))
{
    /// <summary>The resource.</summary>
    public IResource? Resource { get; } = resource;
}

/// <summary>Carries events from those who raise them to those who subscribed.</summary>
public interface IDistributedApplicationEventing
{
    /// <summary>Subscribes a handler.</summary>
    DistributedApplicationEventSubscription Subscribe<T>(Func<T, CancellationToken, Task> callback)
        where T : IDistributedApplicationEvent;

    /// <summary>Subscribes a handler for events of one resource.</summary>
    DistributedApplicationEventSubscription Subscribe<T>(IResource resource, Func<T, CancellationToken, Task> callback)
        where T : IDistributedApplicationResourceEvent;

    /// <summary>Takes a handler back.</summary>
    void Unsubscribe(DistributedApplicationEventSubscription subscription);

    /// <summary>Raises an event; the handlers run one after the other, and the task ends with the last.</summary>
    Task PublishAsync<T>(T @event, CancellationToken cancellationToken = default)
        where T : IDistributedApplicationEvent;

    /// <summary>Raises an event.</summary>
    Task PublishAsync<T>(T @event, EventDispatchBehavior dispatchBehavior, CancellationToken cancellationToken = default)
        where T : IDistributedApplicationEvent;
}
