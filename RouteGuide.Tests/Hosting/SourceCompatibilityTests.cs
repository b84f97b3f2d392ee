using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Microsoft.Extensions.DependencyInjection;

namespace RouteGuide.Tests.Hosting;

/// <summary>
/// The forms in which app hosts are written. That this compiles is the greater part of the test: overloads, optional and named arguments,
/// covariance and constraints are those of the official package.
/// </summary>
public sealed class SourceCompatibilityTests
{
    [Fact]
    public void An_app_host_is_written_as_elsewhere()
    {
        var builder = TestApp.CreateBuilder();
        var text = builder.AddParameter("text", "value");
        var secret = builder.AddParameter("secret", secret: true);
        builder.AddParameter("published", "value", publishValueAsDefault: true);
        builder.AddParameter("made", () => "value", secret: true);
        builder.AddParameterFromConfiguration("configured", "Some:Key");

        builder.AddParameter("generated", new GenerateParameterDefault { MinLength = 22 }, secret: true);
        var database = builder.AddConnectionString("database");
        var cache = builder.AddConnectionString("cache-string", ReferenceExpression.Create($"Password={secret}")).OnConnectionStringAvailable((resource, available, _) => Task.FromResult((resource.Name, available.Services)));
        builder.Eventing.Subscribe<ConnectionStringAvailableEvent>(cache.Resource, (_, _) => Task.CompletedTask);

        var server = builder.AddProject<TestApp.Sample>("server")
            .WithReplicas(3)
            .WithHttpEndpoint()
            .WithHttpsEndpoint(targetPort: null, name: "https")
            .WithHttpHealthCheck("/health")
            .WithHttpHealthCheck("/alive", statusCode: 204, endpointName: "https")
            .WithEnvironment("TEXT", text)
            .WithEnvironment("SECRET", secret)
            .WithEnvironment("PLAIN", "plain")
            .WithEnvironment(context => context.EnvironmentVariables["REPLICA"] = context.Resource.Name)
            .WithEnvironment(async context => await Task.FromResult(context.EnvironmentVariables["ASYNC"] = 1))
            .WithUrlForEndpoint("https", url => url.DisplayText = "Home")
            .WithUrlForEndpoint("https", endpoint => new ResourceUrlAnnotation { Url = "/docs", DisplayText = "Docs", Endpoint = endpoint })
            .WithUrls(context => context.Urls.RemoveAll(url => url.Endpoint is null))
            .WithExternalHttpEndpoints()
            .WithOtlpExporter()
            .WithReference(database)
            .WithReference(cache, "cache", optional: true)
            .WithEnvironment("CACHE", cache)
            .WithIconName("Cloud", IconVariant.Regular)
            .ExcludeFromManifest()
            .WithHttpCommand("/reset", "Reset", commandOptions: new() { IconName = "ArrowReset", Method = HttpMethod.Put, PrepareRequest = context => Task.FromResult(context.Request.Headers.TryAddWithoutValidation("x-key", "key")) })
            .WithHttpCommand("/clear", "Clear", endpointName: "https", commandName: "clear")
            .WithCommand("greet", "Greet", _ => Task.FromResult(CommandResults.Success()), new CommandOptions
            {
                IconName = "Hand",
                IconVariant = IconVariant.Filled,
                IsHighlighted = true,
                ConfirmationMessage = "Really?",
                Description = "Greets.",
                UpdateState = context => context.ResourceSnapshot.State?.Text == KnownResourceStates.Running ? ResourceCommandState.Enabled : ResourceCommandState.Disabled,
            });
        builder.AddProject<TestApp.Sample>("bare", options => options.ExcludeLaunchProfile = true)
            .WithHttpEndpoint(name: "admin", targetPort: 9000, isProxied: false)
            .WithEndpoint(port: 5000, scheme: "tcp", name: "raw", isProxied: true)
            .WithEndpoint("admin", endpoint => endpoint.TargetHost = "127.0.0.1", createIfNotExists: false)
            .AsHttp2Service();
        builder.AddProject<TestApp.Sample>("profiled", launchProfileName: null);

        builder.AddContainer("cache", "redis", "7").WithLifetime(ContainerLifetime.Persistent).WithHttpEndpoint(targetPort: 6379);
        builder.AddContainer("store", "registry.example:5000/store:1").WithImageRegistry("other.example").WithImageTag("2").WithEnvironment("TEXT", text);

        var migration = builder.AddExecutable("migration", "sh", ".", "-c", "exit 0");
        builder.AddExecutable("client", "sh", ".")
            .WithArgs("--target", server.GetEndpoint("https"))
            .WithArgs("--verbose")
            .WithArgs(context => context.Args.Add(secret))
            .WithReference(server)
            .WithReference(server.GetEndpoint("http"))
            .WithReference("elsewhere", new Uri("https://example.com"))
            .WithEnvironment("URL", $"{server.GetEndpoint("https")}/path")
            .WithEnvironment("HOST", server.GetEndpoint("https").Property(EndpointProperty.HostAndPort))
            .WithEnvironment("BUILT", ReferenceExpression.Create($"{text}-{secret}"))
            .WaitFor(server)
            .WaitFor(server, WaitBehavior.StopOnResourceUnavailable)
            .WaitForStart(server)
            .WaitFor(cache)
            .WaitForCompletion(migration, exitCode: 0)
            .WithExplicitStart()
            .WithParentRelationship(server)
            .WithParentRelationship(server.Resource)
            .WithWorkingDirectory("/");

        server.OnResourceReady((resource, ready, _) => Task.FromResult((resource.Name, ready.Services)));
        builder.OnBeforeStart((start, _) => Task.FromResult(start.Model.Resources.Count));
        DistributedApplicationEventSubscription subscription = builder.Eventing.Subscribe<BeforeStartEvent>((_, _) => Task.CompletedTask);
        builder.Eventing.Unsubscribe(subscription);
        IResourceBuilder<IResourceWithServiceDiscovery> covariant = server;
        IResourceBuilder<IResource> general = covariant;
        Assert.Same(server.Resource, general.Resource);
        Assert.True(builder.TryCreateResourceBuilder<ProjectResource>("SERVER", out var again));
        Assert.Same(server.Resource, again.Resource);
        Assert.False(builder.TryCreateResourceBuilder<ProjectResource>("migration", out _));
        Assert.True(builder.ExecutionContext.IsRunMode);
        Assert.Equal("Development", builder.Environment.EnvironmentName);

        using var application = builder.Build();
        Assert.Equal(3, server.Resource.GetReplicaCount());
        Assert.NotNull(application.Services.GetRequiredService<ResourceNotificationService>());
        Assert.Equal(builder.Resources.Count, application.Services.GetRequiredService<DistributedApplicationModel>().Resources.Count);
        Assert.Equal("{server.bindings.https.url}", ((IManifestExpressionProvider)server.GetEndpoint("https")).ValueExpression);
        Assert.Equal("{text.value}-{secret.value}", ReferenceExpression.Create($"{text}-{secret}").ValueExpression);
    }
}
