using System.Collections.Immutable;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Execution;

/// <summary>Works out which urls of a resource are shown: one for each endpoint, those that were added, and then what the author's callbacks make of them.</summary>
internal sealed class UrlPlanner(DistributedApplicationExecutionContext executionContext, ResourceLoggerService loggers)
{
    public async Task<ImmutableArray<UrlSnapshot>> PlanAsync(IResource resource, CancellationToken cancellationToken)
    {
        var urls = new List<ResourceUrlAnnotation>();
        if (resource is IResourceWithEndpoints owner) urls.AddRange(owner.GetEndpoints().Where(e => e.IsAllocated).Select(e => new ResourceUrlAnnotation { Url = e.Url, Endpoint = e }));
        urls.AddRange(resource.Annotations.OfType<ResourceUrlAnnotation>());
        var logger = loggers.GetLogger(resource);
        var context = new ResourceUrlsCallbackContext(executionContext, resource, urls, cancellationToken) { Logger = logger };
        foreach (var annotation in resource.Annotations.OfType<ResourceUrlsCallbackAnnotation>().ToArray())
        {
            try
            {
                await annotation.Callback(context).ConfigureAwait(false);
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                // What is shown is no reason not to start.
                logger.LogError(fault, "A callback that changes the urls of '{Resource}' failed.", resource.Name);
            }
        }

        return
        [
            .. urls.Select(u => new UrlSnapshot(u.Endpoint?.EndpointName, Absolute(u), IsInternal: u.DisplayLocation == UrlDisplayLocation.DetailsOnly)
            {
                DisplayProperties = new UrlDisplayPropertiesSnapshot(u.DisplayText ?? "", u.DisplayOrder ?? 0),
            }),
        ];
    }

    private static string Absolute(ResourceUrlAnnotation url) => url.Url.StartsWith('/') && url.Endpoint is { IsAllocated: true } endpoint ? endpoint.Url + url.Url : url.Url;
}
