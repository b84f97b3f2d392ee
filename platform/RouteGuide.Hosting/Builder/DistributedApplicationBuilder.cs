using System.Reflection;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Certificates;
using Aspire.Hosting.Dashboard;
using Aspire.Hosting.Eventing;
using Aspire.Hosting.Execution;
using Aspire.Hosting.Health;
using Aspire.Hosting.Reporting;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting;

/// <inheritdoc cref="IDistributedApplicationBuilder"/>
public class DistributedApplicationBuilder : IDistributedApplicationBuilder
{
    private readonly HostApplicationBuilder _inner;
    private readonly DistributedApplicationExecutionContextOptions _contextOptions;
    private readonly AppHostArguments _arguments;
    private readonly DistributedApplicationOptions _options;
    private readonly AppHostEntryPoint? _run;
    private bool _built;

    /// <param name="args">The command line.</param>
    public DistributedApplicationBuilder(string[] args)
        : this(new DistributedApplicationOptions { Args = args })
    {
    }

    /// <param name="options">The command line, and where the app host lies.</param>
    public DistributedApplicationBuilder(DistributedApplicationOptions options)
        : this(options, AppHostEntryPoint.Current is { } run ? run.OnCreating : null) => _run?.OnCreated(this);

    /// <param name="options">The command line, and where the app host lies.</param>
    /// <param name="creating">Changes what the builder is made with.</param>
    internal DistributedApplicationBuilder(DistributedApplicationOptions options, Action<DistributedApplicationOptions, HostApplicationBuilderSettings>? creating)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _run = AppHostEntryPoint.Current;
        var settings = new HostApplicationBuilderSettings();
        creating?.Invoke(options, settings);
        _arguments = AppHostArguments.Parse(options.Args ?? []);
        AppHostAssembly = options.AssemblyName is { } name ? Assembly.Load(name) : Assembly.GetEntryAssembly();
        AppHostPath = ProjectPath(AppHostAssembly) ?? Path.Combine(Directory.GetCurrentDirectory(), AppHostAssembly?.GetName().Name ?? "apphost");
        AppHostDirectory = Path.GetFullPath(options.ProjectDirectory ?? Path.GetDirectoryName(AppHostPath)!);
        settings.Args = [.. settings.Args ?? [], .. _arguments.Others];
        settings.ApplicationName ??= AppHostAssembly?.GetName().Name;

        // The folder of the project may be gone from the machine that the built app host runs on.
        settings.ContentRootPath ??= Directory.Exists(AppHostDirectory) ? AppHostDirectory : AppContext.BaseDirectory;
        _inner = new HostApplicationBuilder(settings);
        _contextOptions = new DistributedApplicationExecutionContextOptions(_arguments.Operation);
        ExecutionContext = new DistributedApplicationExecutionContext(_contextOptions);
        AddServices();
    }

    /// <inheritdoc/>
    public ConfigurationManager Configuration => _inner.Configuration;

    /// <inheritdoc/>
    public IHostEnvironment Environment => _inner.Environment;

    /// <inheritdoc/>
    public IServiceCollection Services => _inner.Services;

    /// <inheritdoc/>
    public string AppHostDirectory { get; }

    /// <summary>The app host's project file, without its extension where it is not known.</summary>
    public string AppHostPath { get; }

    /// <inheritdoc/>
    public Assembly? AppHostAssembly { get; }

    /// <inheritdoc/>
    public IDistributedApplicationEventing Eventing { get; } = new DistributedApplicationEventing();

    /// <inheritdoc/>
    public DistributedApplicationExecutionContext ExecutionContext { get; }

    /// <inheritdoc/>
    public IResourceCollection Resources { get; } = new ResourceCollection();

    /// <inheritdoc/>
    public IResourceBuilder<T> AddResource<T>(T resource)
        where T : IResource
    {
        ArgumentNullException.ThrowIfNull(resource);
        Resources.Add(resource);
        return CreateResourceBuilder(resource);
    }

    /// <inheritdoc/>
    public IResourceBuilder<T> CreateResourceBuilder<T>(T resource)
        where T : IResource
    {
        ArgumentNullException.ThrowIfNull(resource);
        return new ResourceBuilder<T>(this, resource);
    }

    /// <summary>Makes the application.</summary>
    /// <exception cref="InvalidOperationException">It was made already.</exception>
    public DistributedApplication Build()
    {
        if (_built) throw new InvalidOperationException("An application is built once.");
        _built = true;
        return _run is null ? BuildNow() : _run.Build(this, BuildNow);
    }

    private DistributedApplication BuildNow()
    {
        var application = new DistributedApplication(_inner.Build(), _run);
        _contextOptions.ServiceProvider = application.Services;
        var loggers = application.Services.GetRequiredService<ResourceLoggerService>();
        var console = application.Services.GetRequiredService<ConsoleReporter>();
        loggers.Echo = (instance, line) => console.EchoLine(instance, line.Content, line.IsErrorMessage);
        ((DistributedApplicationEventing)Eventing).UnobservedFailure = fault =>
            application.Services.GetRequiredService<ILogger<DistributedApplication>>().LogError(fault, "An event handler failed.");
        return application;
    }

    private static string? ProjectPath(Assembly? assembly)
    {
        var told = assembly?.GetCustomAttributes<AssemblyMetadataAttribute>().ToArray() ?? [];
        var folder = told.FirstOrDefault(a => string.Equals(a.Key, "apphostprojectpath", StringComparison.OrdinalIgnoreCase))?.Value;
        var name = told.FirstOrDefault(a => string.Equals(a.Key, "apphostprojectname", StringComparison.OrdinalIgnoreCase))?.Value;
        return folder is null ? null : Path.Combine(folder, name ?? "");
    }

    private void AddServices()
    {
        Services.AddSingleton<IDistributedApplicationBuilder>(this);
        Services.AddSingleton(ExecutionContext);
        Services.AddSingleton(Eventing);
        Services.AddSingleton(_ => new DistributedApplicationModel(Resources));
        Services.AddSingleton(_ => AppHostSettings.From(Configuration, _arguments, _options.IsTest));

        Services.AddSingleton(_ => _options.EnableResourceLogging ? ConsoleOutput.OfProcess() : new ConsoleOutput(TextWriter.Null, TextWriter.Null));
        Services.AddSingleton(services => new ConsoleReporter(services.GetRequiredService<ConsoleOutput>(), ConsoleReporter.WantsColours()));
        Services.AddLogging(logging =>
        {
            logging.ClearProviders();
            logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("System.Net.Http", LogLevel.Warning);

            // A start that fails is told by whoever started: once, and in words for people.
            logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
            logging.Services.AddSingleton<ILoggerProvider, ConsoleLoggerProvider>();
        });
        Services.Configure<ConsoleLifetimeOptions>(options => options.SuppressStatusMessages = true);

        // Each wave of processes is given its own grace time; the host's own limit must not cut that short.
        Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromMinutes(10));

        Services.AddSingleton<ResourceLoggerService>();
        Services.AddSingleton<ResourceNotificationService>();
        Services.AddSingleton(services => new ResourceCommandService(
            services.GetRequiredService<ResourceNotificationService>(), services.GetRequiredService<ResourceLoggerService>(), services.GetRequiredService<DistributedApplicationModel>(), services));

        // Somebody waits for the end of that resource, or for the test: a dependency that failed must end the wait, not prolong it for ever.
        if (_arguments.ExitWhen is not null || _options.IsTest) Services.Configure<ResourceNotificationServiceOptions>(options => options.DefaultWaitBehavior = WaitBehavior.StopOnResourceUnavailable);

        Services.AddHealthChecks();
        Services.AddSingleton(services => new DevelopmentCertificates(DevelopmentCertificates.Folder(Configuration["ROUTEGUIDE_HOME"]), TimeProvider.System, services.GetRequiredService<ConsoleReporter>().Say));
        Services.AddSingleton<HttpProbe>();
        Services.AddSingleton<GrpcProbe>();
        Services.AddSingleton<StartSummary>();
        Services.AddSingleton(services => new HealthMonitor(services.GetRequiredService<ResourceNotificationService>(), services, services.GetRequiredService<HttpProbe>(), services.GetRequiredService<GrpcProbe>(), new HealthIntervals(), TimeProvider.System));

        Services.AddSingleton<PortPicker>();
        Services.AddSingleton<EndpointAllocator>();
        Services.AddSingleton(services => new OrphanGuard(services.GetRequiredService<AppHostSettings>().StopTimeout));
        Services.AddSingleton<ProjectOutput>();
        Services.AddSingleton<LaunchSpecFactory>();
        Services.AddSingleton<UrlPlanner>();
        Services.AddSingleton<ResourceWatcher>();
        Services.AddSingleton<InstanceServices>();
        AddDashboard();
        Services.AddSingleton<Orchestrator>();
        Services.AddHostedService(services => services.GetRequiredService<Orchestrator>());
    }

    private void AddDashboard()
    {
        var program = DashboardProgram.ToldTo(AppHostAssembly);
        var isWanted = program is not null && !_options.DisableDashboard && !_arguments.NoDashboard && ExecutionContext.IsRunMode;
        if (_options.AllowUnsecuredTransport) Configuration["ASPIRE_ALLOW_UNSECURED_TRANSPORT"] = "true";
        Services.AddSingleton(_ => DashboardSettings.From(Configuration, isWanted));
        Services.AddSingleton(new DashboardSource(isWanted ? program : null));
        Services.AddSingleton(TimeProvider.System);
        Services.AddSingleton<ResourceServiceHost>();
        Services.AddSingleton<DashboardRunner>();
    }
}
