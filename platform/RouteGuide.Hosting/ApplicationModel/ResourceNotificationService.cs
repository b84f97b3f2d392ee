using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Holds what is known about each instance of each resource, and tells those who watch.</summary>
public partial class ResourceNotificationService : IDisposable
{
    /// <summary>A watcher that is this many updates behind loses the oldest: its own slowness must not grow the app host.</summary>
    private const int MaxUpdatesBehind = 4096;

    private readonly ILogger<ResourceNotificationService> _logger;
    private readonly IServiceProvider _services;
    private readonly CancellationToken _stopping;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, ResourceEvent> _current = new(StringComparer.OrdinalIgnoreCase);
    private ImmutableArray<Channel<ResourceEvent>> _watchers = [];
    private bool _disposed;

    /// <param name="logger">Told when a command cannot say whether it is available.</param>
    /// <param name="hostApplicationLifetime">All waits end when the application stops.</param>
    /// <param name="serviceProvider">Where the model is found.</param>
    /// <param name="resourceLoggerService">Where waits say among a resource's lines what they wait for.</param>
    public ResourceNotificationService(ILogger<ResourceNotificationService> logger, IHostApplicationLifetime hostApplicationLifetime, IServiceProvider serviceProvider, ResourceLoggerService resourceLoggerService)
    {
        ArgumentNullException.ThrowIfNull(resourceLoggerService);
        _logger = logger;
        _services = serviceProvider;
        _stopping = hostApplicationLifetime.ApplicationStopping;
        DefaultWaitBehavior = serviceProvider.GetService<IOptions<ResourceNotificationServiceOptions>>()?.Value.DefaultWaitBehavior ?? WaitBehavior.WaitOnResourceUnavailable;
    }

    /// <summary>What waits do that do not say it themselves.</summary>
    internal WaitBehavior DefaultWaitBehavior { get; }

    /// <summary>Changes what is known about all instances of a resource.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="stateFactory">Makes the new snapshot of the old one.</param>
    public async Task PublishUpdateAsync(IResource resource, Func<CustomResourceSnapshot, CustomResourceSnapshot> stateFactory)
    {
        foreach (var name in resource.GetInstanceNames()) await PublishUpdateAsync(resource, name, stateFactory).ConfigureAwait(false);
    }

    /// <summary>Changes what is known about one instance of a resource.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="resourceId">The instance.</param>
    /// <param name="stateFactory">Makes the new snapshot of the old one.</param>
    public Task PublishUpdateAsync(IResource resource, string resourceId, Func<CustomResourceSnapshot, CustomResourceSnapshot> stateFactory)
    {
        ArgumentNullException.ThrowIfNull(resource);
        ArgumentNullException.ThrowIfNull(resourceId);
        ArgumentNullException.ThrowIfNull(stateFactory);
        lock (_gate)
        {
            // What comes late for an instance that was taken away does not bring it back.
            if (!_current.ContainsKey(resourceId) && resource.TryGetLastAnnotation<ResourceInstancesAnnotation>(out var instances) && !instances.Names.Contains(resourceId)) return Task.CompletedTask;
            var before = _current.TryGetValue(resourceId, out var known) ? known.Snapshot : Initial(resource);
            var after = stateFactory(before);
            var update = new ResourceEvent(resource, resourceId, after with { Commands = Commands(resource, after) });
            _current[resourceId] = update;
            foreach (var watcher in _watchers) watcher.Writer.TryWrite(update);
            foreach (var queue in _queues) queue.Put(new ResourceChange(update, IsRemoved: false));
        }

        return Task.CompletedTask;
    }

    /// <summary>What is known about an instance now.</summary>
    /// <param name="resourceId">The instance.</param>
    /// <param name="resourceEvent">What is known.</param>
    public bool TryGetCurrentState(string resourceId, [NotNullWhen(true)] out ResourceEvent? resourceEvent)
    {
        lock (_gate) return _current.TryGetValue(resourceId, out resourceEvent);
    }

    /// <summary>What is known about all instances now, and each change from then on. Ends when the application is disposed.</summary>
    public async IAsyncEnumerable<ResourceEvent> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var updates = Channel.CreateBounded<ResourceEvent>(new BoundedChannelOptions(MaxUpdatesBehind) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
        lock (_gate)
        {
            if (_disposed) yield break;
            foreach (var known in _current.Values) updates.Writer.TryWrite(known);
            _watchers = _watchers.Add(updates);
        }

        try
        {
            await foreach (var update in updates.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false)) yield return update;
        }
        finally
        {
            lock (_gate) _watchers = _watchers.Remove(updates);
        }
    }

    /// <summary>Ends all watches.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            foreach (var watcher in _watchers) watcher.Writer.TryComplete();
            foreach (var queue in _queues) queue.Complete();
        }

        GC.SuppressFinalize(this);
    }

    private static CustomResourceSnapshot Initial(IResource resource)
    {
        var type = resource is ConnectionStringParameterResource ? nameof(ConnectionStringResource) : resource.GetType().Name;
        var snapshot = resource.TryGetLastAnnotation<ResourceSnapshotAnnotation>(out var initial)
            ? initial.InitialSnapshot
            : new CustomResourceSnapshot { ResourceType = type.EndsWith("Resource", StringComparison.Ordinal) ? type[..^"Resource".Length] : type, Properties = [] };
        var icon = resource.TryGetLastAnnotation<ResourceIconAnnotation>(out var chosen) ? chosen : null;
        return snapshot with
        {
            IconName = icon?.IconName ?? snapshot.IconName,
            IconVariant = icon?.IconVariant ?? snapshot.IconVariant,
            CreationTimeStamp = snapshot.CreationTimeStamp ?? DateTime.UtcNow,
            Relationships = [.. snapshot.Relationships, .. resource.Annotations.OfType<ResourceRelationshipAnnotation>().Select(r => new RelationshipSnapshot(r.Resource.Name, r.Type)).Distinct()],
            HealthReports = PendingHealth(resource),
        };
    }

    /// <summary>The reports that stand before the first answer: all checks, none with a verdict.</summary>
    internal static ImmutableArray<HealthReportSnapshot> PendingHealth(IResource resource) =>
        [.. resource.Annotations.OfType<HealthCheckAnnotation>().Select(c => new HealthReportSnapshot(c.Key, Status: null, Description: null, ExceptionText: null))];

    private ImmutableArray<ResourceCommandSnapshot> Commands(IResource resource, CustomResourceSnapshot snapshot) =>
    [
        .. resource.Annotations.OfType<ResourceCommandAnnotation>().Select(c => new ResourceCommandSnapshot(
            c.Name, CommandState(c, resource, snapshot), c.DisplayName, c.DisplayDescription, c.Parameter, c.ConfirmationMessage, c.IconName, c.IconVariant, c.IsHighlighted) { ArgumentInputs = [.. c.ArgumentInputs ?? []] }),
    ];

    private ResourceCommandState CommandState(ResourceCommandAnnotation command, IResource resource, CustomResourceSnapshot snapshot)
    {
        try
        {
            return command.UpdateState(new UpdateCommandStateContext { ResourceSnapshot = snapshot, ServiceProvider = _services });
        }
        catch (Exception failure)
        {
            _logger.LogError(failure, "Command '{Command}' of '{Resource}' could not say whether it is available.", command.Name, resource.Name);
            return ResourceCommandState.Disabled;
        }
    }
}

/// <summary>How <see cref="ResourceNotificationService"/> waits.</summary>
public sealed class ResourceNotificationServiceOptions
{
    /// <summary>What waits do that do not say it themselves.</summary>
    public WaitBehavior DefaultWaitBehavior { get; set; }
}
