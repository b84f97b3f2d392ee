using Aspire.Hosting.Eventing;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>The application is about to start; the model can still be changed.</summary>
/// <param name="services">The services of the application.</param>
/// <param name="model">The model.</param>
public class BeforeStartEvent(IServiceProvider services, DistributedApplicationModel model) : IDistributedApplicationEvent
{
    /// <summary>The services of the application.</summary>
    public IServiceProvider Services { get; } = services;

    /// <summary>The model.</summary>
    public DistributedApplicationModel Model { get; } = model;
}

/// <summary>The app host has set all resources going; they need not run yet.</summary>
/// <param name="services">The services of the application.</param>
/// <param name="model">The model.</param>
public class AfterResourcesCreatedEvent(IServiceProvider services, DistributedApplicationModel model) : IDistributedApplicationEvent
{
    /// <summary>The services of the application.</summary>
    public IServiceProvider Services { get; } = services;

    /// <summary>The model.</summary>
    public DistributedApplicationModel Model { get; } = model;
}

/// <summary>The app host has begun to look after a resource.</summary>
/// <param name="resource">The resource.</param>
/// <param name="distributedApplicationEventing">To raise further events.</param>
/// <param name="resourceLoggerService">To write lines.</param>
/// <param name="resourceNotificationService">To say what state the resource is in.</param>
/// <param name="services">The services of the application.</param>
public class InitializeResourceEvent(IResource resource, IDistributedApplicationEventing distributedApplicationEventing, ResourceLoggerService resourceLoggerService, ResourceNotificationService resourceNotificationService, IServiceProvider services)
    : IDistributedApplicationResourceEvent
{
    /// <inheritdoc/>
    public IResource Resource { get; } = resource;

    /// <summary>To raise further events.</summary>
    public IDistributedApplicationEventing Eventing { get; } = distributedApplicationEventing;

    /// <summary>Writes among the resource's own lines.</summary>
    public ILogger Logger { get; } = resourceLoggerService.GetLogger(resource);

    /// <summary>To say what state the resource is in.</summary>
    public ResourceNotificationService Notifications { get; } = resourceNotificationService;

    /// <summary>The services of the application.</summary>
    public IServiceProvider Services { get; } = services;
}

/// <summary>The endpoints of a resource have addresses.</summary>
/// <param name="resource">The resource.</param>
/// <param name="services">The services of the application.</param>
public class ResourceEndpointsAllocatedEvent(IResource resource, IServiceProvider services) : IDistributedApplicationResourceEvent
{
    /// <inheritdoc/>
    public IResource Resource { get; } = resource;

    /// <summary>The services of the application.</summary>
    public IServiceProvider Services { get; } = services;
}

/// <summary>The connection string of a resource is known; those who wait for the resource go on when the handlers have run.</summary>
/// <param name="resource">The resource.</param>
/// <param name="services">The services of the application.</param>
public class ConnectionStringAvailableEvent(IResource resource, IServiceProvider services) : IDistributedApplicationResourceEvent
{
    /// <inheritdoc/>
    public IResource Resource { get; } = resource;

    /// <summary>The services of the application.</summary>
    public IServiceProvider Services { get; } = services;
}

/// <summary>A resource has waited for all that it waits for, and starts when the handlers have run.</summary>
/// <param name="resource">The resource.</param>
/// <param name="services">The services of the application.</param>
public class BeforeResourceStartedEvent(IResource resource, IServiceProvider services) : IDistributedApplicationResourceEvent
{
    /// <inheritdoc/>
    public IResource Resource { get; } = resource;

    /// <summary>The services of the application.</summary>
    public IServiceProvider Services { get; } = services;
}

/// <summary>All instances of a resource run and are healthy, for the first time; those who wait for it go on when the handlers have run.</summary>
/// <param name="resource">The resource.</param>
/// <param name="services">The services of the application.</param>
public class ResourceReadyEvent(IResource resource, IServiceProvider services) : IDistributedApplicationResourceEvent
{
    /// <inheritdoc/>
    public IResource Resource { get; } = resource;

    /// <summary>The services of the application.</summary>
    public IServiceProvider Services { get; } = services;
}

/// <summary>An instance of a resource has ended.</summary>
/// <param name="resource">The resource.</param>
/// <param name="services">The services of the application.</param>
/// <param name="resourceEvent">The instance as it ended.</param>
public class ResourceStoppedEvent(IResource resource, IServiceProvider services, ResourceEvent resourceEvent) : IDistributedApplicationResourceEvent
{
    /// <inheritdoc/>
    public IResource Resource { get; } = resource;

    /// <summary>The services of the application.</summary>
    public IServiceProvider Services { get; } = services;

    /// <summary>The instance as it ended.</summary>
    public ResourceEvent ResourceEvent { get; } = resourceEvent;
}

/// <summary>What became known about one instance of a resource.</summary>
/// <param name="resource">The resource.</param>
/// <param name="resourceId">The instance.</param>
/// <param name="snapshot">The instance now.</param>
public class ResourceEvent(IResource resource, string resourceId, CustomResourceSnapshot snapshot)
{
    /// <summary>The resource.</summary>
    public IResource Resource { get; } = resource;

    /// <summary>The instance, for example <c>server-kqwjzmxa</c>.</summary>
    public string ResourceId { get; } = resourceId;

    /// <summary>The instance now.</summary>
    public CustomResourceSnapshot Snapshot { get; } = snapshot;
}
