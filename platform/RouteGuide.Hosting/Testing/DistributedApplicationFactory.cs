using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Testing;

/// <summary>Runs an app host for tests that change it by deriving from this.</summary>
/// <param name="entryPoint">A type of the app host.</param>
/// <param name="args">The command line.</param>
public class DistributedApplicationFactory(Type entryPoint, string[] args) : IDisposable, IAsyncDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private AppHostEntryPoint? _run;
    private DistributedApplication? _application;
    private bool _disposed;

    /// <param name="entryPoint">A type of the app host.</param>
    public DistributedApplicationFactory(Type entryPoint)
        : this(entryPoint, [])
    {
    }

    private DistributedApplication Application => _application ?? throw new InvalidOperationException("The application has not started: call StartAsync first.");

    /// <summary>Builds and starts the application.</summary>
    /// <param name="cancellationToken">Ends the start.</param>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_application is not null) throw new InvalidOperationException("The application is started once.");
            _run = AppHostEntryPoint.Start(entryPoint, args, OnBuilderCreating, OnBuilderCreated);
            OnBuilding(await _run.Described.WaitAsync(cancellationToken).ConfigureAwait(false));
            _application = await _run.BuildAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
            OnBuilt(_application);
            await _application.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>A client whose base address is an endpoint of a resource.</summary>
    /// <inheritdoc cref="DistributedApplicationHostingTestingExtensions.CreateHttpClient"/>
    public HttpClient CreateHttpClient(string resourceName, string? endpointName = null) => Application.CreateHttpClient(resourceName, endpointName);

    /// <summary>Where an endpoint of a resource is.</summary>
    /// <inheritdoc cref="DistributedApplicationHostingTestingExtensions.GetEndpoint"/>
    public Uri GetEndpoint(string resourceName, string? endpointName = null) => Application.GetEndpoint(resourceName, endpointName);

    /// <summary>Stops the application.</summary>
    public virtual void Dispose()
    {
        DisposeAsync().AsTask().GetAwaiter().GetResult();
        GC.SuppressFinalize(this);
    }

    /// <summary>Stops the application.</summary>
    public virtual async ValueTask DisposeAsync()
    {
        _disposed = true;
        if (_application is not null) await _application.DisposeAsync().ConfigureAwait(false);
        _run?.End();
        GC.SuppressFinalize(this);
    }

    /// <summary>Changes what the builder is made with.</summary>
    protected virtual void OnBuilderCreating(DistributedApplicationOptions applicationOptions, HostApplicationBuilderSettings hostOptions)
    {
    }

    /// <summary>Called with the builder before anything was added to it.</summary>
    protected virtual void OnBuilderCreated(DistributedApplicationBuilder applicationBuilder)
    {
    }

    /// <summary>Called with the builder once the app host is described.</summary>
    protected virtual void OnBuilding(DistributedApplicationBuilder applicationBuilder)
    {
    }

    /// <summary>Called with the application before it starts.</summary>
    protected virtual void OnBuilt(DistributedApplication application)
    {
    }
}
