using System.Reflection;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

/// <summary>Describes an application: the resources it is made of and how they hang together.</summary>
public interface IDistributedApplicationBuilder
{
    /// <summary>The configuration of the app host: its appsettings, environment and command line.</summary>
    ConfigurationManager Configuration { get; }

    /// <summary>The folder of the app host's project.</summary>
    string AppHostDirectory { get; }

    /// <summary>The app host's assembly.</summary>
    Assembly? AppHostAssembly { get; }

    /// <summary>The environment that the app host runs in, for example Development.</summary>
    IHostEnvironment Environment { get; }

    /// <summary>The services of the app host.</summary>
    IServiceCollection Services { get; }

    /// <summary>What happens in the application's life.</summary>
    IDistributedApplicationEventing Eventing { get; }

    /// <summary>What the app host was started for.</summary>
    DistributedApplicationExecutionContext ExecutionContext { get; }

    /// <summary>The resources.</summary>
    IResourceCollection Resources { get; }

    /// <summary>Adds a resource.</summary>
    /// <exception cref="DistributedApplicationException">There is one of that name.</exception>
    IResourceBuilder<T> AddResource<T>(T resource)
        where T : IResource;

    /// <summary>A builder for a resource, without adding it.</summary>
    IResourceBuilder<T> CreateResourceBuilder<T>(T resource)
        where T : IResource;

    /// <summary>Makes the application.</summary>
    DistributedApplication Build();
}

/// <summary>How an app host is made.</summary>
public sealed class DistributedApplicationOptions
{
    /// <summary>The command line.</summary>
    public string[]? Args { get; set; }

    /// <summary>The app host's assembly; null means the program that was started.</summary>
    public string? AssemblyName { get; set; }

    /// <summary>The folder of the app host's project; null means the one that it was built from.</summary>
    public string? ProjectDirectory { get; set; }

    /// <summary>Whether the lines of the resources appear on the console. They always do when the app host is run as a program of its own.</summary>
    public bool EnableResourceLogging { get; set; } = true;

    /// <summary>Whether the application runs without a dashboard.</summary>
    public bool DisableDashboard { get; set; }

    /// <summary>Whether the dashboard may be reached, and may be sent telemetry, without TLS; the configuration key is <c>ASPIRE_ALLOW_UNSECURED_TRANSPORT</c>.</summary>
    public bool AllowUnsecuredTransport { get; set; }

    /// <summary>Whether the application runs in a test.</summary>
    internal bool IsTest { get; set; }
}

/// <summary>Finds resources of an application that is being described.</summary>
public static class DistributedApplicationBuilderExtensions
{
    /// <summary>A builder for a resource that was added.</summary>
    /// <exception cref="DistributedApplicationException">There is none of that name and kind.</exception>
    public static IResourceBuilder<T> CreateResourceBuilder<T>(this IDistributedApplicationBuilder builder, string name)
        where T : IResource => builder.TryCreateResourceBuilder<T>(name, out var found)
            ? found
            : throw new DistributedApplicationException($"There is no resource '{name}' of type '{typeof(T).Name}'.");

    /// <summary>A builder for a resource that was added.</summary>
    /// <returns>False if there is none of that name and kind.</returns>
    public static bool TryCreateResourceBuilder<T>(this IDistributedApplicationBuilder builder, string name, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out IResourceBuilder<T>? resourceBuilder)
        where T : IResource
    {
        resourceBuilder = builder.Resources.TryGetByName(name, out var resource) && resource is T typed ? builder.CreateResourceBuilder(typed) : null;
        return resourceBuilder is not null;
    }
}

/// <inheritdoc cref="IResourceBuilder{T}"/>
internal sealed class ResourceBuilder<T>(IDistributedApplicationBuilder applicationBuilder, T resource) : IResourceBuilder<T>
    where T : IResource
{
    public IDistributedApplicationBuilder ApplicationBuilder { get; } = applicationBuilder;

    public T Resource { get; } = resource;

    public IResourceBuilder<T> WithAnnotation<TAnnotation>(TAnnotation annotation, ResourceAnnotationMutationBehavior behavior = ResourceAnnotationMutationBehavior.Append)
        where TAnnotation : IResourceAnnotation
    {
        ArgumentNullException.ThrowIfNull(annotation);
        if (behavior == ResourceAnnotationMutationBehavior.Replace)
        {
            foreach (var old in Resource.Annotations.OfType<TAnnotation>().ToArray()) Resource.Annotations.Remove(old);
        }

        Resource.Annotations.Add(annotation);
        return this;
    }
}
