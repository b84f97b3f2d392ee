using System.Net;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Certificates;
using Aspire.Hosting.Testing;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using Routeguide;

namespace RouteGuide.Tests.Hosting;

/// <summary>The solution's own app host, run as the testing package of the field runs it: its real entry point, in this process.</summary>
public sealed class AppHostInTestTests
{
    private const int Callers = 6;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task The_whole_system_runs_and_no_call_fails_while_replicas_come_and_go()
    {
        using var patience = new CancellationTokenSource(Patience);
        var soon = patience.Token;
        await using var appHost = await DistributedApplicationTestingBuilder.CreateAsync<Projects.RouteGuide_AppHost>([$"--ROUTEGUIDE_HOME={TestApp.Home}"], soon);
        await using var app = await appHost.BuildAsync(soon);
        await app.StartAsync(soon);
        await app.ResourceNotifications.WaitForResourceHealthyAsync("balancer", soon);
        await app.ResourceNotifications.WaitForResourceHealthyAsync("server", soon);

        using var http = app.CreateHttpClient("balancer", "https");
        using var answer = await http.GetAsync(new Uri("/health", UriKind.Relative), soon);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var client = await app.ResourceNotifications.WaitForResourceAsync("client", e => KnownResourceStates.TerminalStates.Contains(e.Snapshot.State?.Text), soon);
        Assert.Equal((KnownResourceStates.Finished, 0), (client.Snapshot.State?.Text, client.Snapshot.ExitCode));

        using var stop = new CancellationTokenSource();
        var calls = Enumerable.Range(0, Callers).Select(_ => Task.Run(() => CallAsync(app, stop.Token), soon)).ToArray();
        foreach (var replicas in (int[])[5, 2, 4, 1, 3])
        {
            var result = await app.ResourceCommands.ExecuteCommandAsync("server", "resource-scale", new InteractionInputCollection([new InteractionInput { Name = "replicas", InputType = InputType.Number, Value = $"{replicas}" }]), soon);
            Assert.True(result.Success, result.Message);
            await app.ResourceNotifications.WaitForResourceHealthyAsync("server", soon);
            Assert.Equal(replicas, Replicas(app));
        }

        await stop.CancelAsync();
        Assert.All(await Task.WhenAll(calls), made => Assert.True(made > 0));
        Assert.Contains("no argument 'count'", (await app.ResourceCommands.ExecuteCommandAsync("server", "resource-scale", new InteractionInputCollection([new InteractionInput { Name = "count", InputType = InputType.Number, Value = "2" }]), soon)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_app_host_is_changed_before_it_starts_and_its_endpoints_are_named_where_they_are_missed()
    {
        using var patience = new CancellationTokenSource(Patience);
        await using var appHost = DistributedApplicationTestingBuilder.Create($"--ROUTEGUIDE_HOME={TestApp.Home}", "--AppHost:StopTimeout=00:00:01");
        appHost.AddExecutable("server", "dotnet", ".", "exec", TestApp.SampleHost, "serve").WithHttpEndpoint(port: 50051, env: "PORT").WithHttpHealthCheck("/health");
        await using var app = await appHost.BuildAsync(patience.Token);
        await app.StartAsync(patience.Token);
        await app.ResourceNotifications.WaitForResourceHealthyAsync("server", patience.Token);

        Assert.NotEqual(50051, app.GetEndpoint("server").Port);
        using var http = app.CreateHttpClient("server");
        using var answer = await http.GetAsync(new Uri("/health", UriKind.Relative), patience.Token);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.StartsWith("Resource 'server' has no endpoint 'admin'; it has 'http'.", Assert.Throws<ArgumentException>(() => app.GetEndpoint("server", "admin")).Message, StringComparison.Ordinal);
        Assert.StartsWith("There is no resource 'nobody'; there is 'server'.", Assert.Throws<ArgumentException>(() => app.GetEndpoint("nobody")).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidOperationException>(() => DistributedApplicationTestingBuilder.CreateAsync<Uri>(patience.Token));
    }

    private static int Replicas(DistributedApplication app) =>
        app.Services.GetRequiredService<DistributedApplicationModel>().Resources.Single(r => r.Name == "server").GetInstanceNames().Count;

    /// <summary>Calls one after the other until it is told to stop; a call that fails fails the test.</summary>
    private static async Task<int> CallAsync(DistributedApplication app, CancellationToken stop)
    {
        using var channel = GrpcChannel.ForAddress(
            app.GetEndpoint("balancer", "https"),
            new GrpcChannelOptions { HttpHandler = DevelopmentTrust.CreateHandler(app.Services.GetRequiredService<DevelopmentCertificates>()), DisposeHttpClient = true });
        var client = new Routeguide.RouteGuide.RouteGuideClient(channel);
        for (var made = 0; ; made++)
        {
            if (stop.IsCancellationRequested) return made;
            Assert.NotNull(await client.GetFeatureAsync(new Point { Latitude = 409146138, Longitude = -746188906 }, deadline: DateTime.UtcNow + Patience, cancellationToken: CancellationToken.None));
            using var stream = client.ListFeatures(new Rectangle { Lo = new Point { Latitude = 400000000, Longitude = -750000000 }, Hi = new Point { Latitude = 420000000, Longitude = -730000000 } }, deadline: DateTime.UtcNow + Patience, cancellationToken: CancellationToken.None);
            Assert.True(await stream.ResponseStream.MoveNext(CancellationToken.None));
            while (await stream.ResponseStream.MoveNext(CancellationToken.None))
            {
                // All of them, so that the stream runs to its end.
            }
        }
    }
}
