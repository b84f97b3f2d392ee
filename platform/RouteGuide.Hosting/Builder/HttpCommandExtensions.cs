using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Certificates;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.Hosting;

/// <summary>How a command that is an HTTP request is made and understood.</summary>
public class HttpCommandOptions : CommandOptions
{
    /// <summary>The endpoint that is asked; null means https, or where there is none http.</summary>
    public string? EndpointName { get; set; }

    /// <summary>The method; null means POST.</summary>
    public HttpMethod? Method { get; set; }

    /// <summary>The name by which the command is given; null means one made of resource, endpoint, method and path.</summary>
    public string? CommandName { get; set; }

    /// <summary>The client of the app host's own <see cref="IHttpClientFactory"/> to ask with; null means one that trusts the development certificate.</summary>
    public string? HttpClientName { get; set; }

    /// <summary>The endpoint that is asked, found when the command is given.</summary>
    public Func<EndpointReference>? EndpointSelector { get; set; }

    /// <summary>Changes the request before it is sent.</summary>
    public Func<HttpCommandRequestContext, Task>? PrepareRequest { get; set; }

    /// <summary>Says what the response means; null means that a status code of 2xx is success.</summary>
    public Func<HttpCommandResultContext, Task<ExecuteCommandResult>>? GetCommandResult { get; set; }
}

/// <summary>A request that is about to be sent.</summary>
public sealed class HttpCommandRequestContext
{
    /// <summary>The services of the application.</summary>
    public required IServiceProvider ServiceProvider { get; init; }

    /// <summary>The instance that the command is for.</summary>
    public required string ResourceName { get; init; }

    /// <summary>The endpoint that is asked.</summary>
    public required EndpointReference Endpoint { get; init; }

    /// <summary>Ends the command.</summary>
    public required CancellationToken CancellationToken { get; init; }

    /// <summary>The client that sends it.</summary>
    public required HttpClient HttpClient { get; init; }

    /// <summary>The request.</summary>
    public required HttpRequestMessage Request { get; init; }
}

/// <summary>A response to what a command sent.</summary>
public sealed class HttpCommandResultContext
{
    /// <summary>The services of the application.</summary>
    public required IServiceProvider ServiceProvider { get; init; }

    /// <summary>The instance that the command is for.</summary>
    public required string ResourceName { get; init; }

    /// <summary>The endpoint that was asked.</summary>
    public required EndpointReference Endpoint { get; init; }

    /// <summary>Ends the command.</summary>
    public required CancellationToken CancellationToken { get; init; }

    /// <summary>The client that sent the request.</summary>
    public required HttpClient HttpClient { get; init; }

    /// <summary>The response.</summary>
    public required HttpResponseMessage Response { get; init; }
}

public static partial class ResourceBuilderExtensions
{
    private const int MaxShownBody = 200;
    private static readonly TimeSpan HttpCommandPatience = TimeSpan.FromSeconds(100);

    /// <summary>Adds a command that is an HTTP request to the resource.</summary>
    /// <param name="builder">The resource.</param>
    /// <param name="path">The path; relative to the endpoint.</param>
    /// <param name="displayName">The name that is shown.</param>
    /// <param name="endpointName">The endpoint that is asked; null means https, or where there is none http.</param>
    /// <param name="commandName">The name by which the command is given; null means one made of resource, endpoint, method and path.</param>
    /// <param name="commandOptions">How it is shown, when it can be given, and how it is asked.</param>
    public static IResourceBuilder<TResource> WithHttpCommand<TResource>(this IResourceBuilder<TResource> builder, string path, string displayName, string? endpointName = null, string? commandName = null, HttpCommandOptions? commandOptions = null)
        where TResource : IResourceWithEndpoints
    {
        ArgumentNullException.ThrowIfNull(builder);
        endpointName ??= commandOptions?.EndpointName;
        return AddHttpCommand(builder, path, displayName, commandOptions?.EndpointSelector ?? (() => Asked(builder.Resource, endpointName)), endpointName ?? "http", commandName, commandOptions ?? new HttpCommandOptions());
    }

    /// <summary>Adds a command that is an HTTP request to the resource, or to what the resource stands for.</summary>
    /// <param name="builder">The resource.</param>
    /// <param name="path">The path; relative to the endpoint.</param>
    /// <param name="displayName">The name that is shown.</param>
    /// <param name="endpointSelector">The endpoint that is asked, found when the command is given; null means https, or where there is none http.</param>
    /// <param name="commandName">The name by which the command is given; null means one made of resource, endpoint, method and path.</param>
    /// <param name="commandOptions">How it is shown, when it can be given, and how it is asked.</param>
    public static IResourceBuilder<TResource> WithHttpCommand<TResource>(this IResourceBuilder<TResource> builder, string path, string displayName, Func<EndpointReference>? endpointSelector, string? commandName = null, HttpCommandOptions? commandOptions = null)
        where TResource : IResourceWithEndpoints
    {
        ArgumentNullException.ThrowIfNull(builder);
        return AddHttpCommand(builder, path, displayName, endpointSelector ?? commandOptions?.EndpointSelector ?? (() => Asked(builder.Resource, commandOptions?.EndpointName)), "http", commandName, commandOptions ?? new HttpCommandOptions());
    }

    private static IResourceBuilder<T> AddHttpCommand<T>(IResourceBuilder<T> builder, string path, string displayName, Func<EndpointReference> endpoint, string endpointWord, string? commandName, HttpCommandOptions options)
        where T : IResourceWithEndpoints
    {
        ArgumentNullException.ThrowIfNull(path);
        var method = options.Method ?? HttpMethod.Post;
        var name = commandName ?? options.CommandName ?? $"{builder.Resource.Name}-{endpointWord}-http-{method.Method.ToLowerInvariant()}-{path}";
        return builder.WithCommand(name, displayName, context => SendAsync(context, endpoint(), method, path, options), options);
    }

    // The endpoint's own address, that of its proxy where it has one: with replicas, one of them answers.
    private static async Task<ExecuteCommandResult> SendAsync(ExecuteCommandContext context, EndpointReference endpoint, HttpMethod method, string path, HttpCommandOptions options)
    {
        if (!endpoint.IsAllocated) return CommandResults.Failure($"Endpoint '{endpoint.EndpointName}' of '{endpoint.Resource.Name}' has no address yet.");
        using var client = options.HttpClientName is { } name
            ? context.ServiceProvider.GetRequiredService<IHttpClientFactory>().CreateClient(name)
            : new HttpClient(DevelopmentTrust.CreateHandler(context.ServiceProvider.GetRequiredService<DevelopmentCertificates>())) { Timeout = HttpCommandPatience };
        using var request = new HttpRequestMessage(method, new Uri(new Uri(endpoint.Url), path));
        if (options.PrepareRequest is { } prepare)
        {
            await prepare(new HttpCommandRequestContext { ServiceProvider = context.ServiceProvider, ResourceName = context.ResourceName, Endpoint = endpoint, CancellationToken = context.CancellationToken, HttpClient = client, Request = request }).ConfigureAwait(false);
        }

        try
        {
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.CancellationToken).ConfigureAwait(false);
            return options.GetCommandResult is { } result
                ? await result(new HttpCommandResultContext { ServiceProvider = context.ServiceProvider, ResourceName = context.ResourceName, Endpoint = endpoint, CancellationToken = context.CancellationToken, HttpClient = client, Response = response }).ConfigureAwait(false)
                : response.IsSuccessStatusCode ? CommandResults.Success() : CommandResults.Failure(await RefusalAsync(request, response, context.CancellationToken).ConfigureAwait(false));
        }
        catch (HttpRequestException fault)
        {
            return CommandResults.Failure($"{method} {request.RequestUri}: {fault.Message}");
        }
        catch (OperationCanceledException) when (!context.CancellationToken.IsCancellationRequested)
        {
            return CommandResults.Failure($"{method} {request.RequestUri}: no answer within {client.Timeout.TotalSeconds.ToString("0", CultureInfo.InvariantCulture)} s.");
        }
    }

    private static async Task<string> RefusalAsync(HttpRequestMessage request, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        using var body = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false));
        var shown = new char[MaxShownBody];
        var said = new string(shown, 0, await body.ReadBlockAsync(shown, cancellationToken).ConfigureAwait(false)).Trim();
        return $"{request.Method} {request.RequestUri}: {(int)response.StatusCode} {response.ReasonPhrase}{(said.Length == 0 ? "" : $": {said}")}";
    }

    private static EndpointReference Asked(IResourceWithEndpoints resource, string? name) =>
        name is not null
            ? resource.GetEndpoint(name) is { Exists: true } named ? named : throw new DistributedApplicationException($"'{resource.Name}' has no endpoint '{name}'.")
            : resource.GetEndpoints().FirstOrDefault(e => e.IsHttps) ?? resource.GetEndpoints().FirstOrDefault(e => e.IsHttp) ?? throw new DistributedApplicationException($"'{resource.Name}' has no http or https endpoint.");
}
