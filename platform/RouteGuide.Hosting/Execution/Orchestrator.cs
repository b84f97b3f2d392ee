using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Certificates;
using Aspire.Hosting.Dashboard;
using Aspire.Hosting.Eventing;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Execution;

/// <summary>Starts and stops the whole application.</summary>
internal sealed class Orchestrator(
    DistributedApplicationModel model,
    InstanceServices instances,
    UrlPlanner urls,
    DevelopmentCertificates certificates,
    ResourceWatcher watcher,
    DashboardRunner dashboard,
    IHostApplicationLifetime lifetime) : IHostedService, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly Dictionary<IResource, ResourceRunner> _runners = [];
    private ValueRunner? _values;
    private Task _watching = Task.CompletedTask;

    /// <summary>The exit code of the resource that the application ended with; null while there is none.</summary>
    public int? ExitCode { get; private set; }

    private IServiceProvider Services => instances.Services;

    /// <summary>Sets everything going. Returns when all that can fail at once has not; resources that wait for others start later.</summary>
    /// <exception cref="DistributedApplicationException">The model breaks a rule, or a port that it asks for is in use.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await instances.Eventing.PublishAsync(new BeforeStartEvent(Services, model), cancellationToken).ConfigureAwait(false);
        ModelRules.Check(model);
        var last = LastResource();
        foreach (var resource in model.Resources.Where(ResourceRunner.CanRun)) _runners[resource] = new ResourceRunner(resource, instances);
        dashboard.Prepare();
        instances.Console.SetInstances(model.Resources.Where(r => r is not IResourceWithoutLifetime && !r.IsHidden()).Select(r => r.GetInstanceNames()));
        if (_runners.Count > 0) instances.Console.Say($"Development CA: {certificates.Get().CaPath}");

        watcher.AllEnded = (resource, code) =>
        {
            if (ReferenceEquals(resource, last)) End(resource, code);
        };
        _watching = Task.Run(() => watcher.RunAsync(_stopping.Token), CancellationToken.None);

        foreach (var resource in model.Resources) await AllocateAsync(resource, cancellationToken).ConfigureAwait(false);
        dashboard.Announce();
        dashboard.Begin();
        _values = new ValueRunner(instances, _stopping.Token);
        foreach (var resource in model.Resources)
        {
            var initialize = new InitializeResourceEvent(resource, instances.Eventing, instances.Loggers, instances.Notifications, Services);
            await instances.Eventing.PublishAsync(initialize, EventDispatchBehavior.NonBlockingSequential, _stopping.Token).ConfigureAwait(false);
            if (_runners.TryGetValue(resource, out var runner)) await runner.BeginAsync().ConfigureAwait(false);
            else await _values.BeginAsync(resource).ConfigureAwait(false);
        }

        await instances.Eventing.PublishAsync(new AfterResourcesCreatedEvent(Services, model), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Stops everything, those first that others do not need.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        foreach (var wave in StopOrder.Waves(_runners.Keys)) await Task.WhenAll(wave.Select(r => _runners[r].CloseAsync())).ConfigureAwait(false);

        // Last, so that it gets what the others have to say at their end.
        await dashboard.StopAsync().ConfigureAwait(false);
        await _stopping.CancelAsync().ConfigureAwait(false);
        if (_values is not null) await _values.Completion.ConfigureAwait(false);
        await _watching.ConfigureAwait(false);
        await instances.Endpoints.DisposeAsync().ConfigureAwait(false);
        instances.Guard.Dispose();
    }

    public void Dispose()
    {
        foreach (var runner in _runners.Values) runner.Dispose();
        _stopping.Dispose();
    }

    private IResource? LastResource()
    {
        if (instances.Settings.ExitWhen is not { } name) return null;
        var runnable = model.Resources.Where(ResourceRunner.CanRun).ToArray();
        return runnable.FirstOrDefault(r => string.Equals(r.Name, name, StringComparison.OrdinalIgnoreCase))
            ?? throw new UsageException($"--exit-when: there is no resource '{name}' that runs; there is {string.Join(", ", runnable.Select(r => $"'{r.Name}'"))}.");
    }

    private void End(IResource resource, int code)
    {
        if (ExitCode is not null) return;
        ExitCode = code;
        instances.Console.Say($"'{resource.Name}' has ended with exit code {code}, and the application with it.");
        lifetime.StopApplication();
    }

    private async Task AllocateAsync(IResource resource, CancellationToken cancellationToken)
    {
        await instances.Endpoints.AllocateAsync(resource, cancellationToken).ConfigureAwait(false);
        if (resource is IResourceWithEndpoints) await instances.Eventing.PublishAsync(new ResourceEndpointsAllocatedEvent(resource, Services), cancellationToken).ConfigureAwait(false);
        var planned = await urls.PlanAsync(resource, cancellationToken).ConfigureAwait(false);

        // From here on every instance is known, also one that does nothing yet.
        await instances.Notifications.PublishUpdateAsync(resource, s => s with { Urls = planned }).ConfigureAwait(false);
    }
}

/// <summary>The app host was started with an argument that makes no sense; its exit code is 2.</summary>
internal sealed class UsageException(string message) : DistributedApplicationException(message);
