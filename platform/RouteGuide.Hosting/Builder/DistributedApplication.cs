using System.Runtime.InteropServices;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Dashboard;
using Aspire.Hosting.Execution;
using Aspire.Hosting.Reporting;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

/// <summary>An application that runs.</summary>
public class DistributedApplication : IHost, IAsyncDisposable
{
    private readonly IHost _host;
    private readonly AppHostEntryPoint? _run;
    private bool _started;
    private int _disposed;

    /// <param name="host">The host that carries it.</param>
    public DistributedApplication(IHost host) => _host = host ?? throw new ArgumentNullException(nameof(host));

    /// <param name="host">The host that carries it.</param>
    /// <param name="run">The test's run of the entry point that builds it; null outside of tests.</param>
    internal DistributedApplication(IHost host, AppHostEntryPoint? run)
        : this(host) => _run = run;

    /// <summary>The services of the app host.</summary>
    public IServiceProvider Services => _host.Services;

    /// <summary>What is known about each instance.</summary>
    public ResourceNotificationService ResourceNotifications => Services.GetRequiredService<ResourceNotificationService>();

    /// <summary>Gives commands to resources.</summary>
    public ResourceCommandService ResourceCommands => Services.GetRequiredService<ResourceCommandService>();

    /// <summary>Begins to describe an application.</summary>
    public static IDistributedApplicationBuilder CreateBuilder() => CreateBuilder([]);

    /// <summary>Begins to describe an application.</summary>
    /// <param name="args">The command line: configuration as <c>--key value</c>, and <c>--exit-when resource</c>.</param>
    public static IDistributedApplicationBuilder CreateBuilder(string[] args) => new DistributedApplicationBuilder(args);

    /// <summary>Begins to describe an application.</summary>
    /// <param name="options">The command line, and where the app host lies.</param>
    public static IDistributedApplicationBuilder CreateBuilder(DistributedApplicationOptions options) => new DistributedApplicationBuilder(options);

    /// <summary>Runs until Ctrl+C, SIGTERM or, with <c>--exit-when</c>, until a resource has ended. See <see cref="RunAsync"/>.</summary>
    public void Run() => RunAsync().GetAwaiter().GetResult();

    /// <summary>
    /// Runs until Ctrl+C, SIGTERM or, with <c>--exit-when</c>, until a resource has ended. Sets the exit code of the program: 0; that of
    /// the resource; 1, after one clear line, for an application that cannot start; 2 for a wrong argument.
    /// </summary>
    /// <param name="cancellationToken">Ends the run, too.</param>
    public virtual async Task RunAsync(CancellationToken cancellationToken = default)
    {
        if (_run is not null)
        {
            // The test starts and ends it.
            await _run.Ended.WaitAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        var console = Services.GetRequiredService<ConsoleReporter>();
        try
        {
            using var signals = StopSignals.Watch(Services.GetRequiredService<IHostApplicationLifetime>(), Services.GetRequiredService<OrphanGuard>(), console);
            await StartAsync(cancellationToken).ConfigureAwait(false);
            await _host.WaitForShutdownAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (DistributedApplicationException fault)
        {
            console.Error(fault.Message);
            Environment.ExitCode = fault is UsageException ? 2 : 1;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested || Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested)
        {
            // Ended before it had started entirely.
        }
        finally
        {
            if (_started && Services.GetRequiredService<Orchestrator>().ExitCode is { } code) Environment.ExitCode = code;
            await DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Starts; what had started when it failed is stopped again.</summary>
    /// <exception cref="DistributedApplicationException">The application cannot start as it was described.</exception>
    public virtual async Task StartAsync(CancellationToken cancellationToken = default)
    {
        var console = Services.GetRequiredService<ConsoleReporter>();
        var context = Services.GetRequiredService<DistributedApplicationExecutionContext>();
        if (context.IsPublishMode) throw new UsageException("--operation publish: only the official Aspire SDK publishes (build with -p:UseAspire=true); this app host runs applications.");
        if (Services.GetRequiredService<AppHostSettings>().WrongArgument is { } wrong) throw new UsageException(wrong);
        _ = Services.GetRequiredService<DashboardSettings>();
        console.Say($"Aspire AppHost version: {typeof(DistributedApplication).Assembly.GetName().Version?.ToString(3)} (RouteGuide.Hosting)");
        console.Say("Distributed application starting.");
        console.Say($"Application host directory is: {Services.GetRequiredService<IDistributedApplicationBuilder>().AppHostDirectory}");
        _started = true;
        try
        {
            await _host.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await _host.StopAsync(CancellationToken.None).ConfigureAwait(false);
            throw;
        }

        console.Say("Distributed application started. Press Ctrl+C to shut down.");
    }

    /// <summary>Stops everything, those first that others do not need.</summary>
    public virtual Task StopAsync(CancellationToken cancellationToken = default) => _host.StopAsync(cancellationToken);

    /// <summary>Releases what the application holds. Use <see cref="DisposeAsync"/> where that is possible.</summary>
    public virtual void Dispose()
    {
        DisposeAsync().AsTask().GetAwaiter().GetResult();
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases what the application holds; what runs still is stopped.</summary>
    public virtual async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        var console = Services.GetRequiredService<ConsoleOutput>();
        if (_started) await Services.GetRequiredService<Orchestrator>().StopAsync(CancellationToken.None).ConfigureAwait(false);
        if (_host is IAsyncDisposable asynchronous) await asynchronous.DisposeAsync().ConfigureAwait(false);
        else _host.Dispose();
        await console.DisposeAsync().ConfigureAwait(false);
        _run?.End();
        GC.SuppressFinalize(this);
    }
}

/// <summary>
/// What the terminal and the system say. The host itself stops at Ctrl+C and SIGTERM; a closed terminal (SIGHUP) is one more reason, and
/// who presses Ctrl+C a second time does not want to wait.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private readonly List<PosixSignalRegistration> _registrations = [];
    private int _interrupts;

    private StopSignals(IHostApplicationLifetime lifetime, OrphanGuard guard, ConsoleReporter console)
    {
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            lifetime.StopApplication();
        }));
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
        {
            context.Cancel = true;
            if (Interlocked.Increment(ref _interrupts) < 2) return;
            console.Say("Interrupted twice: everything is ended at once.");
            guard.EndAll();
            Environment.Exit(130);
        }));
    }

    public static StopSignals Watch(IHostApplicationLifetime lifetime, OrphanGuard guard, ConsoleReporter console) => new(lifetime, guard, console);

    public void Dispose() => _registrations.ForEach(r => r.Dispose());
}
