using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Certificates;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.Hosting.Testing;

/// <summary>Reaches what an application runs.</summary>
public static class DistributedApplicationHostingTestingExtensions
{
    /// <summary>A client whose base address is an endpoint of a resource; over TLS it trusts the development CA, too.</summary>
    /// <param name="app">The application.</param>
    /// <param name="resourceName">The resource.</param>
    /// <param name="endpointName">The endpoint; null means the one named http, else https, else the only one.</param>
    /// <exception cref="ArgumentException">There is no such resource, or it has no such endpoint.</exception>
    /// <exception cref="InvalidOperationException">The application has not started.</exception>
    public static HttpClient CreateHttpClient(this DistributedApplication app, string resourceName, string? endpointName = null)
    {
        ArgumentNullException.ThrowIfNull(app);
        var address = app.GetEndpoint(resourceName, endpointName);
        return new HttpClient(DevelopmentTrust.CreateHandler(app.Services.GetRequiredService<DevelopmentCertificates>())) { BaseAddress = address };
    }

    /// <summary>Where an endpoint of a resource is.</summary>
    /// <param name="app">The application.</param>
    /// <param name="resourceName">The resource.</param>
    /// <param name="endpointName">The endpoint; null means the one named http, else https, else the only one.</param>
    /// <exception cref="ArgumentException">There is no such resource, or it has no such endpoint.</exception>
    /// <exception cref="InvalidOperationException">The application has not started.</exception>
    public static Uri GetEndpoint(this DistributedApplication app, string resourceName, string? endpointName = null)
    {
        ArgumentNullException.ThrowIfNull(app);
        ArgumentException.ThrowIfNullOrEmpty(resourceName);
        var resources = app.Services.GetRequiredService<DistributedApplicationModel>().Resources;
        var resource = resources.FirstOrDefault(r => string.Equals(r.Name, resourceName, StringComparison.OrdinalIgnoreCase))
            ?? throw new ArgumentException($"There is no resource '{resourceName}'; there is {string.Join(", ", resources.Select(r => $"'{r.Name}'"))}.", nameof(resourceName));
        var endpoints = resource is IResourceWithEndpoints owner ? owner.GetEndpoints().ToArray() : [];
        var endpoint = endpointName is not null ? Named(endpointName) : Named("http") ?? Named("https") ?? (endpoints is [var only] ? only : null);
        return new Uri((endpoint ?? throw Missing()).Url);

        EndpointReference? Named(string name) => endpoints.FirstOrDefault(e => string.Equals(e.EndpointName, name, StringComparison.OrdinalIgnoreCase));

        ArgumentException Missing() => new(
            $"Resource '{resource.Name}' has no endpoint {(endpointName is null ? "'http' or 'https'" : $"'{endpointName}'")}; it has {(endpoints is [] ? "none" : string.Join(", ", endpoints.Select(e => $"'{e.EndpointName}'")))}.",
            nameof(endpointName));
    }
}
