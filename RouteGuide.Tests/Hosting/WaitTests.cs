using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Hosting;

/// <summary>Who waits for what: health, starts, ends, and the events on the way.</summary>
public sealed class WaitTests : RunningApplication
{
    [Fact]
    public async Task A_wait_ends_when_every_replica_is_healthy()
    {
        var verdict = HealthStatus.Unhealthy;
        Builder.Services.AddHealthChecks().AddCheck("switch", () => new HealthCheckResult(verdict));
        var first = Sleeper("first").WithAnnotation(new ReplicaAnnotation(2)).WithHealthCheck("switch");
        Sleeper("second").WaitFor(first);
        await StartAsync();
        await Notifications.WaitForResourceAsync("first", KnownResourceStates.Running, Soon);
        await Notifications.WaitForResourceAsync("first", e => e.Snapshot.HealthReports.Any(r => r.Status == HealthStatus.Unhealthy), Soon);
        Assert.Equal(KnownResourceStates.Waiting, State("second"));

        verdict = HealthStatus.Healthy;

        await Notifications.WaitForResourceAsync("second", KnownResourceStates.Running, Soon);
        Assert.All(Names("first"), name => Assert.Equal(HealthStatus.Healthy, Snapshot(name).HealthStatus));
    }

    [Fact]
    public async Task A_wait_for_start_does_not_wait_for_health()
    {
        Builder.Services.AddHealthChecks().AddCheck("never", () => HealthCheckResult.Unhealthy());
        var first = Sleeper("first").WithHealthCheck("never");
        Sleeper("second").WaitForStart(first);
        await StartAsync();

        await Notifications.WaitForResourceAsync("second", KnownResourceStates.Running, Soon);
    }

    [Fact]
    public async Task A_health_check_that_nobody_registered_is_unhealthy_and_says_so()
    {
        Sleeper("first").WithHealthCheck("nobody");
        await StartAsync();

        var found = await Notifications.WaitForResourceAsync("first", e => e.Snapshot.HealthReports.Any(r => r.Status is not null), Soon);

        Assert.Contains("'nobody'", Assert.Single(found.Snapshot.HealthReports).Description, StringComparison.Ordinal);
        Assert.Equal(HealthStatus.Unhealthy, found.Snapshot.HealthStatus);
    }

    [Fact]
    public async Task An_http_health_check_wants_its_status_code()
    {
        Server("server", healthPath: "/elsewhere");
        await StartAsync();

        var found = await Notifications.WaitForResourceAsync("server", e => e.Snapshot.HealthReports.Any(r => r.Description?.Contains("404", StringComparison.Ordinal) == true), Soon);

        Assert.Equal(HealthStatus.Unhealthy, found.Snapshot.HealthStatus);
    }

    [Fact]
    public async Task A_health_check_by_grpc_asks_each_replica_itself()
    {
        foreach (var (name, service) in (IEnumerable<(string, string?)>)[("server", null), ("stranger", "no.such.Service")])
        {
            var server = Builder.AddExecutable(name, "dotnet", Path.Combine(Repository.Root, "RouteGuide.Server"), "exec", Repository.Assembly("RouteGuide.Server")).WithHttpEndpoint().WithGrpcHealthCheck(service);
            server.WithEnvironment("ASPNETCORE_URLS", $"http://localhost:{server.GetEndpoint("http").Property(EndpointProperty.TargetPort)}");
        }

        await StartAsync();

        await Notifications.WaitForResourceHealthyAsync("server", Soon);
        var unknown = await Notifications.WaitForResourceAsync("stranger", e => e.Snapshot.HealthReports.Any(r => r.Description?.Contains("NotFound", StringComparison.Ordinal) == true), Soon);
        Assert.Equal(HealthStatus.Unhealthy, unknown.Snapshot.HealthStatus);
    }

    [Fact]
    public async Task A_wait_for_completion_wants_the_exit_code()
    {
        var good = Shell("good", "exit 3");
        var bad = Shell("bad", "exit 4");
        Sleeper("after-good").WaitForCompletion(good, exitCode: 3);
        Sleeper("after-bad").WaitForCompletion(bad, exitCode: 3);
        await StartAsync();

        await Notifications.WaitForResourceAsync("after-good", KnownResourceStates.Running, Soon);
        await Notifications.WaitForResourceAsync("after-bad", KnownResourceStates.FailedToStart, Soon);
    }

    [Fact]
    public async Task A_failed_dependency_keeps_others_waiting_until_it_is_started_again()
    {
        var flag = Path.Combine(TestApp.Home, Guid.NewGuid().ToString("n"));
        var first = Shell("first", $"test -e {flag} || exit 1; sleep 1000");
        Sleeper("second").WaitForStart(first.WithHealthCheck("late"));
        Sleeper("third").WaitFor(first);
        var healthy = false;
        Builder.Services.AddHealthChecks().AddCheck("late", () => healthy ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy());
        await StartAsync();
        await Notifications.WaitForResourceAsync("first", KnownResourceStates.Exited, Soon);
        Assert.Equal(KnownResourceStates.Waiting, State("third"));

        File.WriteAllText(flag, "");
        healthy = true;
        var result = await Application.ResourceCommands.ExecuteCommandAsync("first", KnownResourceCommands.StartCommand, Soon);

        Assert.True(result.Success, result.Message);
        await Notifications.WaitForResourceAsync("third", KnownResourceStates.Running, Soon);
    }

    [Fact]
    public async Task A_wait_that_is_to_stop_fails_with_its_dependency()
    {
        Builder.Services.AddHealthChecks().AddCheck("never", () => HealthCheckResult.Unhealthy());
        Sleeper("second").WaitFor(Shell("first", "exit 1").WithHealthCheck("never"), WaitBehavior.StopOnResourceUnavailable);
        await StartAsync();

        await Notifications.WaitForResourceAsync("second", KnownResourceStates.FailedToStart, Soon);
    }

    [Fact]
    public async Task Events_come_in_their_order()
    {
        var events = new System.Collections.Concurrent.ConcurrentQueue<string>();
        Task Note(string what)
        {
            events.Enqueue(what);
            return Task.CompletedTask;
        }

        Builder.OnBeforeStart((_, _) => Note("before start"));
        Builder.Eventing.Subscribe<AfterResourcesCreatedEvent>((_, _) => Note("after created"));
        Shell("first", "exit 0")
            .OnResourceEndpointsAllocated((_, _, _) => Note("allocated"))
            .OnBeforeResourceStarted((_, _, _) => Note("before resource"))
            .OnResourceStopped((_, stopped, _) => Note($"stopped {stopped.ResourceEvent.Snapshot.ExitCode}"));
        await StartAsync();
        await Eventually.Until(() => events.Count == 5, "all events");

        Assert.Equal(["before start", "allocated"], events.Take(2));
        Assert.Equal(["before resource", "stopped 0"], events.Where(e => e != "after created").Skip(2));
    }

    [Fact]
    public async Task Those_who_wait_go_on_after_the_handlers_of_ready()
    {
        var gate = new TaskCompletionSource();
        var first = Sleeper("first").OnResourceReady((_, _, _) => gate.Task);
        Sleeper("second").WaitFor(first);
        await StartAsync();
        await Notifications.WaitForResourceAsync("first", e => e.Snapshot.HealthStatus == HealthStatus.Healthy, Soon);
        Assert.Equal(KnownResourceStates.Waiting, State("second"));

        gate.SetResult();

        await Notifications.WaitForResourceAsync("second", KnownResourceStates.Running, Soon);
    }

    [Fact]
    public async Task A_replica_that_somebody_stopped_keeps_nobody_waiting_and_has_not_failed()
    {
        var first = Sleeper("first").WithAnnotation(new ReplicaAnnotation(2));
        Sleeper("second").WaitFor(first, WaitBehavior.StopOnResourceUnavailable).WithExplicitStart();
        await StartAsync();
        await Notifications.WaitForResourceHealthyAsync("first", Soon);
        Assert.True((await Application.ResourceCommands.ExecuteCommandAsync(Names("first")[0], KnownResourceCommands.StopCommand, Soon)).Success);

        Assert.True((await Application.ResourceCommands.ExecuteCommandAsync("second", KnownResourceCommands.StartCommand, Soon)).Success);

        Assert.Equal(KnownResourceStates.Running, State("second"));
    }
}
