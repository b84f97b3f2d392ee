using System.Reflection;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Testing;

/// <summary>An app host that a test may change before it builds and starts it.</summary>
public interface IDistributedApplicationTestingBuilder : IDistributedApplicationBuilder, IAsyncDisposable, IDisposable
{
    /// <summary>Makes the application.</summary>
    /// <param name="cancellationToken">Ends the wait for it.</param>
    Task<DistributedApplication> BuildAsync(CancellationToken cancellationToken = default);
}

/// <summary>
/// Runs app hosts in tests: the real entry point, in this process, up to where it builds its application. Endpoints get free ports unless
/// the configuration sets <c>DcpPublisher:RandomizePorts</c> to false, and there is no dashboard.
/// </summary>
public static class DistributedApplicationTestingBuilder
{
    /// <summary>Makes an empty app host.</summary>
    /// <param name="args">The command line.</param>
    public static IDistributedApplicationTestingBuilder Create(params string[] args) => Create(args, (_, _) => { });

    /// <summary>Makes an empty app host.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="configureBuilder">Changes what it is made with.</param>
    public static IDistributedApplicationTestingBuilder Create(string[] args, Action<DistributedApplicationOptions, HostApplicationBuilderSettings> configureBuilder)
    {
        ArgumentNullException.ThrowIfNull(args);
        ArgumentNullException.ThrowIfNull(configureBuilder);
        var builder = new DistributedApplicationBuilder(new DistributedApplicationOptions { Args = args }, (options, settings) =>
        {
            TestingDefaults.Apply(options, settings);
            configureBuilder(options, settings);
        });
        return new Described(builder, _ => Task.FromResult(builder.Build()), () => { });
    }

    /// <summary>Runs the entry point of an app host up to where it builds its application.</summary>
    /// <typeparam name="TEntryPoint">A type of the app host, for example its class in the namespace <c>Projects</c>.</typeparam>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static Task<IDistributedApplicationTestingBuilder> CreateAsync<TEntryPoint>(CancellationToken cancellationToken = default)
        where TEntryPoint : class => CreateAsync(typeof(TEntryPoint), cancellationToken);

    /// <summary>Runs the entry point of an app host up to where it builds its application.</summary>
    /// <typeparam name="TEntryPoint">A type of the app host, for example its class in the namespace <c>Projects</c>.</typeparam>
    /// <param name="args">The command line.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static Task<IDistributedApplicationTestingBuilder> CreateAsync<TEntryPoint>(string[] args, CancellationToken cancellationToken = default)
        where TEntryPoint : class => CreateAsync(typeof(TEntryPoint), args, cancellationToken);

    /// <summary>Runs the entry point of an app host up to where it builds its application.</summary>
    /// <typeparam name="TEntryPoint">A type of the app host, for example its class in the namespace <c>Projects</c>.</typeparam>
    /// <param name="args">The command line.</param>
    /// <param name="configureBuilder">Changes what the app host is made with.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static Task<IDistributedApplicationTestingBuilder> CreateAsync<TEntryPoint>(string[] args, Action<DistributedApplicationOptions, HostApplicationBuilderSettings> configureBuilder, CancellationToken cancellationToken = default) =>
        CreateAsync(typeof(TEntryPoint), args, configureBuilder, cancellationToken);

    /// <summary>Runs the entry point of an app host up to where it builds its application.</summary>
    /// <param name="entryPoint">A type of the app host.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static Task<IDistributedApplicationTestingBuilder> CreateAsync(Type entryPoint, CancellationToken cancellationToken = default) => CreateAsync(entryPoint, [], cancellationToken);

    /// <summary>Runs the entry point of an app host up to where it builds its application.</summary>
    /// <param name="entryPoint">A type of the app host.</param>
    /// <param name="args">The command line.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static Task<IDistributedApplicationTestingBuilder> CreateAsync(Type entryPoint, string[] args, CancellationToken cancellationToken = default) => CreateAsync(entryPoint, args, (_, _) => { }, cancellationToken);

    /// <summary>Runs the entry point of an app host up to where it builds its application.</summary>
    /// <param name="entryPoint">A type of the app host.</param>
    /// <param name="args">The command line.</param>
    /// <param name="configureBuilder">Changes what the app host is made with.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="InvalidOperationException">The assembly of <paramref name="entryPoint"/> is no program, or builds no application.</exception>
    public static async Task<IDistributedApplicationTestingBuilder> CreateAsync(Type entryPoint, string[] args, Action<DistributedApplicationOptions, HostApplicationBuilderSettings> configureBuilder, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(entryPoint);
        ArgumentNullException.ThrowIfNull(args);
        ArgumentNullException.ThrowIfNull(configureBuilder);
        var run = AppHostEntryPoint.Start(entryPoint, args, configureBuilder, created: null);
        try
        {
            return new Described(await run.Described.WaitAsync(cancellationToken).ConfigureAwait(false), _ => run.BuildAsync(), run.End);
        }
        catch
        {
            run.End();
            throw;
        }
    }

    private sealed class Described(DistributedApplicationBuilder inner, Func<CancellationToken, Task<DistributedApplication>> build, Action end) : IDistributedApplicationTestingBuilder
    {
        private DistributedApplication? _built;

        public ConfigurationManager Configuration => inner.Configuration;

        public string AppHostDirectory => inner.AppHostDirectory;

        public Assembly? AppHostAssembly => inner.AppHostAssembly;

        public IHostEnvironment Environment => inner.Environment;

        public IServiceCollection Services => inner.Services;

        public IDistributedApplicationEventing Eventing => inner.Eventing;

        public DistributedApplicationExecutionContext ExecutionContext => inner.ExecutionContext;

        public IResourceCollection Resources => inner.Resources;

        public IResourceBuilder<T> AddResource<T>(T resource)
            where T : IResource => inner.AddResource(resource);

        public IResourceBuilder<T> CreateResourceBuilder<T>(T resource)
            where T : IResource => inner.CreateResourceBuilder(resource);

        public DistributedApplication Build() => BuildAsync().GetAwaiter().GetResult();

        public async Task<DistributedApplication> BuildAsync(CancellationToken cancellationToken = default)
        {
            if (_built is not null) throw new InvalidOperationException("An application is built once.");
            return _built = await build(cancellationToken).WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

        public async ValueTask DisposeAsync()
        {
            if (_built is not null) await _built.DisposeAsync().ConfigureAwait(false);
            end();
        }
    }
}
