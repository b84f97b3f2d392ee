using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Hosting;

/// <summary>Replicas: each on its own, and their number.</summary>
public sealed class ReplicaTests : RunningApplication
{
    [Fact]
    public async Task Replicas_are_named_by_eight_letters_and_run_side_by_side()
    {
        var server = Server("server").WithAnnotation(new ReplicaAnnotation(3));
        await StartAsync();
        await Notifications.WaitForResourceHealthyAsync("server", Soon);

        var names = server.Resource.Annotations.OfType<ResourceInstancesAnnotation>().Single().Names;
        Assert.Equal(3, names.Distinct().Count());
        Assert.All(names, name => Assert.Matches("^server-[a-z]{8}$", name));
        Assert.Equal(3, names.Select(name => Variable(name, "PORT")).Distinct().Count());

        using var http = new HttpClient();
        var answers = new HashSet<string>();
        await Eventually.Until(
            async () =>
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, server.GetEndpoint("http").Url + "/health") { Headers = { ConnectionClose = true } };
                using var response = await http.SendAsync(request, Soon);
                answers.Add(await response.Content.ReadAsStringAsync(Soon));
                return answers.Count == 3;
            },
            "the proxy reaches all three replicas");
    }

    [Fact]
    public async Task One_replica_is_stopped_started_and_restarted_on_its_own()
    {
        Sleeper("first").WithAnnotation(new ReplicaAnnotation(2));
        await StartAsync();
        var names = Names("first");
        foreach (var name in names) await Notifications.WaitForResourceAsync(name, KnownResourceStates.Running, Soon);
        var commands = Application.ResourceCommands;

        Assert.True((await commands.ExecuteCommandAsync(names[0], KnownResourceCommands.StopCommand, Soon)).Success);
        Assert.Equal(KnownResourceStates.Exited, State(names[0]));
        Assert.Equal(KnownResourceStates.Running, State(names[1]));
        Assert.False((await commands.ExecuteCommandAsync(names[0], KnownResourceCommands.StopCommand, Soon)).Success);

        Assert.True((await commands.ExecuteCommandAsync(names[0], KnownResourceCommands.StartCommand, Soon)).Success);
        Assert.Equal(KnownResourceStates.Running, State(names[0]));

        var before = Process(names[1]);
        Assert.True((await commands.ExecuteCommandAsync(names[1], KnownResourceCommands.RestartCommand, Soon)).Success);
        Assert.NotEqual(before, Process(names[1]));
        Assert.Equal(KnownResourceStates.Running, State(names[1]));
    }

    [Fact]
    public async Task The_number_of_replicas_is_changed_by_a_command_and_those_that_come_are_as_ready_as_the_others()
    {
        Builder.Services.AddHealthChecks().AddCheck("always", () => HealthCheckResult.Healthy());
        var ready = 0;
        Sleeper("first").WithAnnotation(new ReplicaAnnotation(1)).WithHttpEndpoint(env: "PORT").WithHealthCheck("always").OnResourceReady((_, _, _) => Task.FromResult(Interlocked.Increment(ref ready)));
        await StartAsync();
        await Notifications.WaitForResourceHealthyAsync("first", Soon);
        var oldest = Names("first")[0];

        Assert.True((await ScaleAsync("first", 4)).Success);
        await Notifications.WaitForResourceHealthyAsync("first", Soon);
        Assert.Equal(4, Names("first").Count);
        Assert.Equal(4, Names("first").Select(name => Variable(name, "PORT")).Distinct().Count());
        Assert.Equal(1, ready);

        Assert.True((await ScaleAsync("first", 1)).Success);
        Assert.Equal([oldest], Names("first"));
        Assert.Equal(KnownResourceStates.Running, State(oldest));
        Assert.True((await ScaleAsync("first", 1)).Success);
    }

    [Fact]
    public async Task A_replica_that_goes_has_time_to_finish_what_it_is_at()
    {
        var (asked, done) = (Path.Combine(TestApp.Home, Guid.NewGuid().ToString("n")), Path.Combine(TestApp.Home, Guid.NewGuid().ToString("n")));
        var builder = TestApp.CreateBuilder("--AppHost:StopTimeout=00:00:00", "--AppHost:DrainTimeout=00:05:00");
        var codes = new System.Collections.Concurrent.ConcurrentQueue<int?>();
        builder.AddExecutable("first", "sh", ".", "-c", $"trap 'touch {asked}; until test -e {done}; do sleep 0.05; done; exit 0' TERM; echo ready; while :; do sleep 0.05; done")
            .WithAnnotation(new ReplicaAnnotation(2))
            .OnResourceStopped((_, stopped, _) =>
            {
                codes.Enqueue(stopped.ResourceEvent.Snapshot.ExitCode);
                return Task.CompletedTask;
            });
        await using var application = builder.Build();
        await application.StartAsync(Soon);
        Assert.True(builder.Resources.TryGetByName("first", out var resource));
        foreach (var name in resource.GetInstanceNames()) await UntilAsync(application.Services.GetRequiredService<ResourceLoggerService>(), name, "ready", Soon);

        var scaling = application.ResourceCommands.ExecuteCommandAsync("first", "resource-scale", Replicas(1), Soon);
        await Eventually.Until(() => File.Exists(asked), "the replica was asked to end");
        Assert.Single(resource.GetInstanceNames());
        Assert.False(scaling.IsCompleted);
        await File.WriteAllTextAsync(done, "", Soon);

        Assert.True((await scaling).Success);
        await Eventually.Until(() => !codes.IsEmpty, "the end is told");
        Assert.Equal([0], codes);
    }

    private static InteractionInputCollection Replicas(int count) =>
        new([new InteractionInput { Name = "replicas", InputType = InputType.Number, Value = $"{count}" }]);

    private Task<ExecuteCommandResult> ScaleAsync(string resource, int count) => Application.ResourceCommands.ExecuteCommandAsync(resource, "resource-scale", Replicas(count), Soon);
}
