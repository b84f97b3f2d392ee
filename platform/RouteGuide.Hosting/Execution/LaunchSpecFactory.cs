using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Certificates;
using Aspire.Hosting.Reporting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Execution;

/// <summary>Works out what one instance of a resource is started with.</summary>
internal sealed class LaunchSpecFactory(
    DistributedApplicationExecutionContext executionContext,
    IHostEnvironment hostEnvironment,
    DevelopmentCertificates certificates,
    ProjectOutput projects,
    ConsoleReporter console,
    ResourceLoggerService loggers)
{
    /// <summary>What the instance is started with, and which variables the model set.</summary>
    /// <exception cref="LaunchException">A value is missing, or the program is.</exception>
    public async Task<(LaunchSpec Spec, IReadOnlySet<string> FromModel)> CreateAsync(IResource resource, string instance, string suffix, IReadOnlyDictionary<string, int> targetPorts, CancellationToken cancellationToken)
    {
        var context = new InstanceValueContext { Caller = resource, ExecutionContext = executionContext, InstanceSuffix = suffix, TargetPorts = targetPorts };
        var logger = loggers.GetLogger(instance);
        var variables = await VariablesAsync(context, logger, cancellationToken).ConfigureAwait(false);
        var environment = BaseEnvironment();
        foreach (var (name, value) in variables) environment[name] = value;

        var arguments = new List<string>();
        foreach (var argument in await ArgumentsAsync(resource, logger, cancellationToken).ConfigureAwait(false))
        {
            if (await TextAsync(argument, $"argument {arguments.Count + 1}", context, cancellationToken).ConfigureAwait(false) is { } text) arguments.Add(text);
        }

        var fromModel = variables.Keys.ToHashSet();
        switch (resource)
        {
            case ProjectResource project:
                var assembly = await projects.ResolveAsync(project, cancellationToken).ConfigureAwait(false);
                return (new LaunchSpec(DotnetMuxer.Path, ["exec", assembly, .. arguments], Path.GetDirectoryName(project.GetProjectMetadata().ProjectPath)!, environment), fromModel);
            case ExecutableResource executable:
                return (new LaunchSpec(executable.Command, arguments, executable.WorkingDirectory, environment), fromModel);
            case ContainerResource:
                throw new LaunchException("it is a container, and this app host has no container engine to run it with. Where there is Docker or Podman, the official SDK starts it: -p:UseAspire=true");
            default:
                throw new InvalidOperationException($"A resource of type '{resource.GetType().Name}' is not a process.");
        }
    }

    private Dictionary<string, string> BaseEnvironment()
    {
        var environment = ChildEnvironment.Inherited();
        environment["DOTNET_ENVIRONMENT"] = hostEnvironment.EnvironmentName;
        environment["ASPNETCORE_ENVIRONMENT"] = hostEnvironment.EnvironmentName;
        var certificate = certificates.Get();
        environment["ROUTEGUIDE_CA"] = certificate.CaPath;
        if (!OperatingSystem.IsWindows()) environment["SSL_CERT_DIR"] = ChildEnvironment.RootsWith(certificate.RootsDirectory, environment.GetValueOrDefault("SSL_CERT_DIR"));

        // .NET programs drop their colours when they write to a pipe, as they do here.
        if (console.Colours) environment["DOTNET_SYSTEM_CONSOLE_ALLOW_ANSI_COLOR_REDIRECTION"] = "true";
        return environment;
    }

    /// <summary>The variables that the model sets for one instance.</summary>
    /// <exception cref="LaunchException">A value is missing.</exception>
    internal async Task<Dictionary<string, string>> VariablesAsync(InstanceValueContext context, ILogger logger, CancellationToken cancellationToken)
    {
        var resource = context.Caller!;
        var collected = new EnvironmentCallbackContext(executionContext, resource, cancellationToken: cancellationToken) { Logger = logger };
        foreach (var annotation in resource.Annotations.OfType<EnvironmentCallbackAnnotation>().ToArray()) await annotation.Callback(collected).ConfigureAwait(false);
        var variables = new Dictionary<string, string>();
        foreach (var (name, value) in collected.EnvironmentVariables)
        {
            if (await TextAsync(value, $"variable '{name}'", context, cancellationToken).ConfigureAwait(false) is { } text) variables[name] = text;
        }

        return variables;
    }

    private async Task<IList<object>> ArgumentsAsync(IResource resource, ILogger logger, CancellationToken cancellationToken)
    {
        var context = new CommandLineArgsCallbackContext([], resource, cancellationToken) { ExecutionContext = executionContext, Logger = logger };
        foreach (var annotation in resource.Annotations.OfType<CommandLineArgsCallbackAnnotation>().ToArray()) await annotation.Callback(context).ConfigureAwait(false);
        return context.Args;
    }

    /// <summary>The text of a value; null for a value that has none, which is left out.</summary>
    private static async Task<string?> TextAsync(object? value, string what, InstanceValueContext context, CancellationToken cancellationToken)
    {
        try
        {
            return value switch
            {
                null => null,
                string text => text,
                IResourceBuilder<IResource> { Resource: IValueProvider provider } => await provider.GetValueAsync(context, cancellationToken).ConfigureAwait(false),
                IValueProvider provider => await provider.GetValueAsync(context, cancellationToken).ConfigureAwait(false),
                bool or char or IFormattable => Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture),
                _ => throw new LaunchException($"{what} is a '{value.GetType()}', which is neither a text nor has one"),
            };
        }
        catch (Exception fault) when (fault is MissingParameterValueException or InvalidOperationException)
        {
            throw new LaunchException($"{what} has no value: {fault.Message}", fault);
        }
    }
}
