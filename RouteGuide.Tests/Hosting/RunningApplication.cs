using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Hosting;

/// <summary>An application that runs, in the process of the tests; its children are shells and the sample server.</summary>
public abstract class RunningApplication : IAsyncDisposable
{
    private readonly IDistributedApplicationBuilder _builder = TestApp.CreateBuilder();
    private readonly CancellationTokenSource _patience = new(Eventually.Patience);
    private DistributedApplication? _application;

    private protected IDistributedApplicationBuilder Builder => _builder;

    private protected DistributedApplication Application => _application ?? throw new InvalidOperationException("The application has not been built.");

    private protected ResourceNotificationService Notifications => Application.ResourceNotifications;

    private protected CancellationToken Soon => _patience.Token;

    public async ValueTask DisposeAsync()
    {
        if (_application is not null) await _application.DisposeAsync();
        _patience.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected IResourceBuilder<ExecutableResource> Shell(string name, string script) => _builder.AddExecutable(name, "sh", ".", "-c", script);

    private protected IResourceBuilder<ExecutableResource> Sleeper(string name) => Shell(name, "exec sleep 1000");

    private protected IResourceBuilder<ExecutableResource> Server(string name, string healthPath = "/health") =>
        _builder.AddExecutable(name, "dotnet", ".", "exec", TestApp.SampleHost, "serve").WithHttpEndpoint(env: "PORT").WithHttpHealthCheck(healthPath);

    private protected async Task StartAsync(CancellationToken? patience = null)
    {
        _application = _builder.Build();
        await _application.StartAsync(patience ?? Soon);
    }

    private protected static async Task UntilAsync(ResourceLoggerService loggers, string instance, string line, CancellationToken cancellationToken)
    {
        await foreach (var batch in loggers.WatchAsync(instance).WithCancellation(cancellationToken))
        {
            if (batch.Any(l => l.Content == line)) return;
        }

        Assert.Fail($"'{instance}' has ended without writing '{line}'.");
    }

    private protected IReadOnlyList<string> Names(string resource)
    {
        Assert.True(_builder.Resources.TryGetByName(resource, out var found));
        return found!.GetInstanceNames();
    }

    private protected CustomResourceSnapshot Snapshot(string instance)
    {
        Assert.True(Notifications.TryGetCurrentState(instance, out var known));
        return known!.Snapshot;
    }

    private protected string? State(string name) => Snapshot(_builder.Resources.TryGetByName(name, out var resource) ? resource.GetInstanceNames()[0] : name).State?.Text;

    private protected object? Process(string instance) => Snapshot(instance).Properties.Single(p => p.Name == "executable.pid").Value;

    private protected string? Variable(string instance, string variable) => Snapshot(instance).EnvironmentVariables.SingleOrDefault(v => v.Name == variable)?.Value;
}
