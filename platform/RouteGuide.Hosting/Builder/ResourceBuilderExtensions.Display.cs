using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting;

public static partial class ResourceBuilderExtensions
{
    /// <summary>Changes the urls that are shown.</summary>
    /// <param name="builder">The resource.</param>
    /// <param name="callback">Changes them, once the endpoints have addresses.</param>
    public static IResourceBuilder<T> WithUrls<T>(this IResourceBuilder<T> builder, Action<ResourceUrlsCallbackContext> callback)
        where T : IResource => builder.WithAnnotation(new ResourceUrlsCallbackAnnotation(callback));

    /// <summary>Changes the urls that are shown.</summary>
    /// <param name="builder">The resource.</param>
    /// <param name="callback">Changes them, once the endpoints have addresses.</param>
    public static IResourceBuilder<T> WithUrls<T>(this IResourceBuilder<T> builder, Func<ResourceUrlsCallbackContext, Task> callback)
        where T : IResource => builder.WithAnnotation(new ResourceUrlsCallbackAnnotation(callback));

    /// <summary>Adds a url that is shown.</summary>
    /// <param name="builder">The resource.</param>
    /// <param name="url">The url.</param>
    /// <param name="displayText">What is shown instead of it.</param>
    public static IResourceBuilder<T> WithUrl<T>(this IResourceBuilder<T> builder, string url, string? displayText = null)
        where T : IResource => builder.WithAnnotation(new ResourceUrlAnnotation { Url = url, DisplayText = displayText });

    /// <summary>Adds a url that is shown, an interpolated string with values in it that are known when the application runs.</summary>
    /// <param name="builder">The resource.</param>
    /// <param name="url">The url.</param>
    /// <param name="displayText">What is shown instead of it.</param>
    public static IResourceBuilder<T> WithUrl<T>(this IResourceBuilder<T> builder, in ReferenceExpression.ExpressionInterpolatedStringHandler url, string? displayText = null)
        where T : IResource => builder.WithUrl(ReferenceExpression.Create(url), displayText);

    /// <summary>Adds a url that is shown, with values in it that are known when the application runs.</summary>
    /// <param name="builder">The resource.</param>
    /// <param name="url">The url.</param>
    /// <param name="displayText">What is shown instead of it.</param>
    public static IResourceBuilder<T> WithUrl<T>(this IResourceBuilder<T> builder, ReferenceExpression url, string? displayText = null)
        where T : IResource => builder.WithUrls(async context =>
        {
            var text = await url.GetValueAsync(new ValueProviderContext { Caller = context.Resource, ExecutionContext = context.ExecutionContext }, context.CancellationToken).ConfigureAwait(false);
            if (!string.IsNullOrEmpty(text)) context.Urls.Add(new ResourceUrlAnnotation { Url = text, DisplayText = displayText });
        });

    /// <summary>Changes the url of an endpoint.</summary>
    /// <param name="builder">The resource.</param>
    /// <param name="endpointName">The endpoint.</param>
    /// <param name="callback">Changes its url, once it has an address.</param>
    public static IResourceBuilder<T> WithUrlForEndpoint<T>(this IResourceBuilder<T> builder, string endpointName, Action<ResourceUrlAnnotation> callback)
        where T : IResource => builder.WithUrls(context =>
        {
            var found = context.Urls.Where(u => string.Equals(u.Endpoint?.EndpointName, endpointName, StringComparison.OrdinalIgnoreCase)).ToArray();
            foreach (var url in found) callback(url);
            if (found.Length == 0) context.Logger.LogWarning("'{Resource}' has no endpoint '{Endpoint}' whose url could be changed.", context.Resource.Name, endpointName);
        });

    /// <summary>Adds a url for an endpoint.</summary>
    /// <param name="builder">The resource.</param>
    /// <param name="endpointName">The endpoint.</param>
    /// <param name="callback">Makes the url, once the endpoint has an address; one that begins with a slash is relative to it.</param>
    public static IResourceBuilder<T> WithUrlForEndpoint<T>(this IResourceBuilder<T> builder, string endpointName, Func<EndpointReference, ResourceUrlAnnotation> callback)
        where T : IResourceWithEndpoints => builder.WithUrls(context =>
        {
            if (context.GetEndpoint(endpointName) is { Exists: true } endpoint)
            {
                var made = callback(endpoint);
                context.Urls.Add(new ResourceUrlAnnotation { Url = made.Url, DisplayText = made.DisplayText, DisplayLocation = made.DisplayLocation, DisplayOrder = made.DisplayOrder, Endpoint = endpoint });
            }
            else
            {
                context.Logger.LogWarning("'{Resource}' has no endpoint '{Endpoint}' that a url could be made for.", context.Resource.Name, endpointName);
            }
        });

    /// <summary>Sets the icon that a resource is shown with.</summary>
    /// <param name="builder">The resource.</param>
    /// <param name="iconName">A name of the Fluent icons.</param>
    /// <param name="iconVariant">Which of its two forms.</param>
    public static IResourceBuilder<T> WithIconName<T>(this IResourceBuilder<T> builder, string iconName, IconVariant iconVariant = IconVariant.Filled)
        where T : IResource
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(iconName);
        return builder.WithAnnotation(new ResourceIconAnnotation(iconName, iconVariant), ResourceAnnotationMutationBehavior.Replace);
    }

    /// <summary>Leaves a resource out of what is published. Here, where applications are only run, nothing follows from it.</summary>
    public static IResourceBuilder<T> ExcludeFromManifest<T>(this IResourceBuilder<T> builder)
        where T : IResource => builder.WithAnnotation(new ManifestExclusionAnnotation(), ResourceAnnotationMutationBehavior.Replace);

    /// <summary>Adds a command, or replaces the one of that name.</summary>
    /// <param name="builder">The resource.</param>
    /// <param name="name">The name by which it is given.</param>
    /// <param name="displayName">The name that is shown.</param>
    /// <param name="executeCommand">Does it, for one instance.</param>
    /// <param name="commandOptions">How it is shown, and when it can be given.</param>
    public static IResourceBuilder<T> WithCommand<T>(this IResourceBuilder<T> builder, string name, string displayName, Func<ExecuteCommandContext, Task<ExecuteCommandResult>> executeCommand, CommandOptions? commandOptions = null)
        where T : IResource
    {
        ArgumentNullException.ThrowIfNull(builder);
        commandOptions ??= new CommandOptions();
        foreach (var twin in builder.Resource.Annotations.OfType<ResourceCommandAnnotation>().Where(c => c.Name == name).ToArray()) builder.Resource.Annotations.Remove(twin);
        return builder.WithAnnotation(new ResourceCommandAnnotation(
            name,
            displayName,
            commandOptions.UpdateState ?? (_ => ResourceCommandState.Enabled),
            executeCommand,
            commandOptions.Description,
            commandOptions.Parameter,
            commandOptions.Arguments is { Count: > 0 } ? commandOptions.Arguments : null,
            commandOptions.ConfirmationMessage,
            commandOptions.IconName,
            commandOptions.IconVariant,
            commandOptions.IsHighlighted));
    }
}

/// <summary>For resources whose life is the app host author's own affair.</summary>
public static class CustomResourceExtensions
{
    /// <summary>Sets the state in which a resource is shown before anything is known about it.</summary>
    public static IResourceBuilder<TResource> WithInitialState<TResource>(this IResourceBuilder<TResource> builder, CustomResourceSnapshot initialSnapshot)
        where TResource : IResource => builder.WithAnnotation(new ResourceSnapshotAnnotation(initialSnapshot), ResourceAnnotationMutationBehavior.Replace);
}
