using Aspire.DashboardService.Proto.V1;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Certificates;
using Aspire.Hosting.Dashboard;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using DashboardClient = Aspire.DashboardService.Proto.V1.DashboardService.DashboardServiceClient;
using Resource = Aspire.DashboardService.Proto.V1.Resource;

namespace RouteGuide.Tests.Hosting;

/// <summary>What a dashboard is told of a running application, and what it may do with it, over a connection of its own.</summary>
public sealed class ResourceServiceTests : IAsyncDisposable
{
    private const string Key = "a-key-that-both-sides-know";

    private readonly IDistributedApplicationBuilder _builder = TestApp.CreateBuilder("--ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL=https://localhost:0", $"--AppHost:ResourceService:ApiKey={Key}");
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromMinutes(3));
    private DistributedApplication? _application;
    private GrpcChannel? _channel;

    private CancellationToken Soon => _patience.Token;

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("a-key-that-both-sides-kno")]
    public async Task Without_the_key_nothing_is_told(string? key)
    {
        var client = await StartAsync();
        var headers = new Metadata();
        if (key is not null) headers.Add(ResourceServiceHost.KeyHeader, key);

        var fault = await Assert.ThrowsAsync<RpcException>(async () => await client.GetApplicationInformationAsync(new ApplicationInformationRequest(), headers, cancellationToken: Soon));

        Assert.Equal(StatusCode.Unauthenticated, fault.StatusCode);
        Assert.NotEmpty((await client.GetApplicationInformationAsync(new ApplicationInformationRequest(), Headers, cancellationToken: Soon)).ApplicationName);
    }

    [Fact]
    public async Task Each_replica_is_told_with_all_that_belongs_to_it_and_replicas_come_and_go()
    {
        var secret = _builder.AddParameter("password", "hidden", secret: true);
        var first = Sleeper("first");
        Sleeper("second").WithAnnotation(new ReplicaAnnotation(2)).WithHttpEndpoint(name: "admin", env: "PORT").WithEnvironment("PASSWORD", secret).WaitFor(first).WithParentRelationship(first);
        var client = await StartAsync();
        using var call = client.WatchResources(new WatchResourcesRequest(), Headers, cancellationToken: Soon);
        var known = new Dictionary<string, Resource>();
        async Task Until(Func<bool> condition)
        {
            while (!condition())
            {
                Assert.True(await call.ResponseStream.MoveNext(Soon));
                var update = call.ResponseStream.Current;
                foreach (var resource in update.InitialData?.Resources ?? []) known[resource.Name] = resource;
                foreach (var change in update.Changes?.Value ?? [])
                {
                    if (change.Upsert is { } upsert) known[upsert.Name] = upsert;
                    else known.Remove(change.Delete.ResourceName);
                }
            }
        }

        IEnumerable<Resource> Seconds() => known.Values.Where(r => r.DisplayName == "second");
        await Until(() => Seconds().Count(r => r.State == KnownResourceStates.Running) == 2);
        Assert.All(Seconds(), replica =>
        {
            Assert.Matches("^second-[a-z]{8}$", replica.Name);
            Assert.Equal("Executable", replica.ResourceType);
            Assert.Equal("success", replica.StateStyle);
            Assert.NotNull(replica.StartedAt);
            Assert.Equal(["Parent", "WaitFor"], replica.Relationships.Where(r => r.ResourceName == "first").Select(r => r.Type).Order());
            Assert.Contains(replica.Environment, v => v is { Name: "PASSWORD", Value: "hidden", IsFromSpec: true });
            Assert.Contains(replica.Properties, p => p.Name == "executable.pid" && p.Value.NumberValue > 0);
            var url = Assert.Single(replica.Urls);
            Assert.Equal("admin", url.EndpointName);
            Assert.StartsWith("http://localhost:", url.FullUrl, StringComparison.Ordinal);
            Assert.Equal(Aspire.DashboardService.Proto.V1.ResourceCommandState.Enabled, replica.Commands.Single(c => c.Name == KnownResourceCommands.StopCommand).State);
            Assert.Equal(Aspire.DashboardService.Proto.V1.InputType.Number, Assert.Single(replica.Commands.Single(c => c.Name == KnownResourceCommands.ScaleCommand).ArgumentInputs).InputType);
        });
        Assert.True(Assert.Single(known["password"].Properties).IsSensitive);
        Assert.Equal("Parameter", known["password"].ResourceType);

        var oldest = Seconds().Select(r => r.Name).ToHashSet();
        var any = oldest.First();
        Assert.Equal(ResourceCommandResponseKind.Succeeded, (await ScaleAsync(client, any, Value.ForNumber(4))).Kind);
        await Until(() => Seconds().Count(r => r.State == KnownResourceStates.Running) == 4);
        Assert.Equal(4, Seconds().Select(r => r.Environment.Single(v => v.Name == "PORT").Value).Distinct().Count());
        Assert.All(Seconds(), r => Assert.Single(r.Urls));

        Assert.Equal(ResourceCommandResponseKind.Succeeded, (await ScaleAsync(client, any, Value.ForString("2"))).Kind);
        await Until(() => Seconds().Count() == 2);
        Assert.Equal(oldest, Seconds().Select(r => r.Name).ToHashSet());
    }

    [Fact]
    public async Task Arguments_that_make_no_sense_are_named_with_what_is_wanted()
    {
        Sleeper("first").WithAnnotation(new ReplicaAnnotation(1));
        var client = await StartAsync();
        var name = Names("first")[0];

        foreach (var (value, message) in new (Value?, string)[]
        {
            (null, "Argument 'replicas' is missing: it must be a whole number from 1 to 100."),
            (Value.ForNull(), "Argument 'replicas' is missing: it must be a whole number from 1 to 100."),
            (Value.ForString("many"), "Argument 'replicas' is 'many': it must be a whole number from 1 to 100."),
            (Value.ForNumber(0), "Argument 'replicas' is '0': it must be a whole number from 1 to 100."),
            (Value.ForNumber(101), "Argument 'replicas' is '101': it must be a whole number from 1 to 100."),
            (Value.ForNumber(2.5), "Argument 'replicas' is '2.5': it must be a whole number from 1 to 100."),
            (Value.ForStruct(new Struct()), "Argument 'replicas' is { }: it must be a text, a number, true or false."),
        })
        {
            var response = await ScaleAsync(client, name, value);
            Assert.Equal(ResourceCommandResponseKind.InvalidArguments, response.Kind);
            Assert.Equal(message, response.Message);
        }

        var stranger = new ResourceCommandRequest { CommandName = KnownResourceCommands.ScaleCommand, ResourceName = name, Arguments = { ["count"] = Value.ForNumber(2) } };
        Assert.Equal("Command 'resource-scale' has no argument 'count'; it has 'replicas'.", (await client.ExecuteResourceCommandAsync(stranger, Headers, cancellationToken: Soon)).Message);
        Assert.Equal([name], Names("first"));
    }

    [Fact]
    public async Task A_command_of_the_authors_gets_its_arguments_and_gives_its_result()
    {
        Sleeper("first").WithCommand(
            "greet",
            "Greet",
            context => Task.FromResult(CommandResults.Success($"greeted {context.Arguments!["name"].Value}", "{}", Aspire.Hosting.ApplicationModel.CommandResultFormat.Json)),
            new CommandOptions { Arguments = [new() { Name = "name", InputType = Aspire.Hosting.InputType.Text, Required = true, MaxLength = 5 }] });
        var client = await StartAsync();
        var request = new ResourceCommandRequest { CommandName = "greet", ResourceName = Names("first")[0], Arguments = { ["name"] = Value.ForString("Ada") } };

        var response = await client.ExecuteResourceCommandAsync(request, Headers, cancellationToken: Soon);
        Assert.Equal(ResourceCommandResponseKind.Succeeded, response.Kind);
        Assert.Equal("greeted Ada", response.Message);
        Assert.Equal(Aspire.DashboardService.Proto.V1.CommandResultFormat.Json, response.Result.Format);

        request.Arguments["name"] = Value.ForString("Augusta");
        Assert.Equal("Argument 'name' is 'Augusta': it must be a text of 1 to 5 characters.", (await client.ExecuteResourceCommandAsync(request, Headers, cancellationToken: Soon)).Message);
    }

    [Fact]
    public async Task Lines_come_with_their_numbers_and_what_is_not_there_is_named()
    {
        _builder.AddExecutable("first", "sh", ".", "-c", "echo one; echo two >&2; exec sleep 1000");
        var client = await StartAsync();
        var lines = new List<ConsoleLogLine>();
        using (var call = client.WatchResourceConsoleLogs(new WatchResourceConsoleLogsRequest { ResourceName = Names("first")[0] }, Headers, cancellationToken: Soon))
        {
            while (lines.Count < 2 && await call.ResponseStream.MoveNext(Soon)) lines.AddRange(call.ResponseStream.Current.LogLines);
        }

        Assert.Equal([("one", false), ("two", true)], lines.Select(l => (l.Text, l.IsStdErr)).OrderBy(l => l.IsStdErr));
        Assert.Equal([1, 2], lines.Select(l => l.LineNumber).Order());

        using var missing = client.WatchResourceConsoleLogs(new WatchResourceConsoleLogsRequest { ResourceName = "nobody" }, Headers, cancellationToken: Soon);
        var fault = await Assert.ThrowsAsync<RpcException>(() => missing.ResponseStream.MoveNext(Soon));
        Assert.Equal((StatusCode.NotFound, "There is no resource 'nobody'."), (fault.StatusCode, fault.Status.Detail));
    }

    public async ValueTask DisposeAsync()
    {
        _channel?.Dispose();
        if (_application is not null) await _application.DisposeAsync();
        _patience.Dispose();
    }

    private static Metadata Headers => new() { { ResourceServiceHost.KeyHeader, Key } };

    private async Task<DashboardClient> StartAsync()
    {
        _application = _builder.Build();
        await _application.StartAsync(Soon);
        await _application.Services.GetRequiredService<DashboardRunner>().Listening.WaitAsync(Soon);
        _channel = GrpcChannel.ForAddress(
            _application.Services.GetRequiredService<ResourceServiceHost>().Address!,
            new GrpcChannelOptions { HttpHandler = DevelopmentTrust.CreateHandler(_application.Services.GetRequiredService<DevelopmentCertificates>()), DisposeHttpClient = true });
        return new DashboardClient(_channel);
    }

    private async Task<ResourceCommandResponse> ScaleAsync(DashboardClient client, string instance, Value? replicas)
    {
        var request = new ResourceCommandRequest { CommandName = KnownResourceCommands.ScaleCommand, ResourceName = instance };
        if (replicas is not null) request.Arguments["replicas"] = replicas;
        return await client.ExecuteResourceCommandAsync(request, Headers, cancellationToken: Soon);
    }

    private IResourceBuilder<ExecutableResource> Sleeper(string name) => _builder.AddExecutable(name, "sh", ".", "-c", "exec sleep 1000");

    private IReadOnlyList<string> Names(string resource)
    {
        Assert.True(_builder.Resources.TryGetByName(resource, out var found));
        return found!.GetInstanceNames();
    }
}
