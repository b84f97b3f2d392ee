using System.Reflection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Testing;

/// <summary>
/// Runs the entry point of an app host on a thread of its own, up to where it builds its application; there it waits until whoever runs it
/// here has changed what he wants changed. Where the entry point would run the application it only waits for its end.
/// </summary>
internal sealed class AppHostEntryPoint
{
    private static readonly AsyncLocal<AppHostEntryPoint?> Ambient = new();

    private readonly TaskCompletionSource<DistributedApplicationBuilder> _described = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _buildAsked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<DistributedApplication> _built = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Assembly _assembly;

    private AppHostEntryPoint(Assembly assembly) => _assembly = assembly;

    /// <summary>The one whose entry point the current code is called from; null outside of tests.</summary>
    public static AppHostEntryPoint? Current => Ambient.Value;

    /// <summary>The app host as it described itself.</summary>
    public Task<DistributedApplicationBuilder> Described => _described.Task;

    /// <summary>Done when the application has ended.</summary>
    public Task Ended => _ended.Task;

    private Action<DistributedApplicationOptions, HostApplicationBuilderSettings>? Creating { get; init; }

    private Action<DistributedApplicationBuilder>? Created { get; init; }

    /// <summary>Starts the entry point of the assembly that a type is in.</summary>
    /// <param name="type">A type of the app host, for example its class in the namespace <c>Projects</c>.</param>
    /// <param name="args">The command line.</param>
    /// <param name="creating">Changes what the builder is made with.</param>
    /// <param name="created">Told of the builder while it is still empty.</param>
    /// <exception cref="InvalidOperationException">The assembly is no program.</exception>
    public static AppHostEntryPoint Start(Type type, string[] args, Action<DistributedApplicationOptions, HostApplicationBuilderSettings>? creating, Action<DistributedApplicationBuilder>? created)
    {
        var main = type.Assembly.EntryPoint ?? throw new InvalidOperationException($"'{type.Assembly.GetName().Name}', where '{type}' is, is not a program: it has no entry point.");
        var run = new AppHostEntryPoint(type.Assembly) { Creating = creating, Created = created };
        var thread = new Thread(() => run.Run(main, args)) { IsBackground = true, Name = $"Entry point of {type.Assembly.GetName().Name}" };
        thread.Start();
        return run;
    }

    /// <summary>A builder is about to be made.</summary>
    public void OnCreating(DistributedApplicationOptions options, HostApplicationBuilderSettings settings)
    {
        options.AssemblyName ??= _assembly.GetName().Name;
        TestingDefaults.Apply(options, settings);
        Creating?.Invoke(options, settings);
    }

    /// <summary>A builder was made.</summary>
    public void OnCreated(DistributedApplicationBuilder builder) => Created?.Invoke(builder);

    /// <summary>The entry point builds: it waits here until it may.</summary>
    public DistributedApplication Build(DistributedApplicationBuilder builder, Func<DistributedApplication> build)
    {
        _described.TrySetResult(builder);
        _buildAsked.Task.GetAwaiter().GetResult();
        try
        {
            var application = build();
            _built.TrySetResult(application);
            return application;
        }
        catch (Exception fault)
        {
            _built.TrySetException(fault);
            throw;
        }
    }

    /// <summary>Lets the entry point build.</summary>
    public Task<DistributedApplication> BuildAsync()
    {
        _buildAsked.TrySetResult();
        return _built.Task;
    }

    /// <summary>Lets the entry point end; one that has not built its application yet is broken off.</summary>
    public void End()
    {
        _buildAsked.TrySetCanceled();
        _ended.TrySetResult();
    }

    private void Run(MethodInfo main, string[] args)
    {
        Ambient.Value = this;
        try
        {
            var result = main.Invoke(null, BindingFlags.DoNotWrapExceptions, binder: null, main.GetParameters().Length == 0 ? null : [args], culture: null);
            if (result is Task task) task.GetAwaiter().GetResult();
            _described.TrySetException(new InvalidOperationException($"The entry point of '{_assembly.GetName().Name}' has ended without building an application; what it wrote says why."));
        }
        catch (Exception fault)
        {
            // Whoever waits for the application gets it; after that there is nobody whom it concerns.
            _described.TrySetException(fault);
            _built.TrySetException(fault);
        }
    }
}

/// <summary>How applications run in tests unless the test says otherwise: quietly, without a dashboard, on free ports, and failing where they would wait for somebody.</summary>
internal static class TestingDefaults
{
    /// <summary>The configuration key that says whether endpoints get free ports instead of those that were asked for.</summary>
    public const string RandomizePortsKey = "DcpPublisher:RandomizePorts";

    public static void Apply(DistributedApplicationOptions options, HostApplicationBuilderSettings settings)
    {
        options.DisableDashboard = true;
        options.EnableResourceLogging = false;
        options.IsTest = true;
        settings.EnvironmentName ??= Environments.Development;
    }
}
