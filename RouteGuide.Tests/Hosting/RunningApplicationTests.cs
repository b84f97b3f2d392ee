using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Hosting;

/// <summary>Applications that run, in the process of the tests; their children are shells and the sample server.</summary>
public sealed class RunningApplicationTests : IAsyncDisposable
{
    private readonly IDistributedApplicationBuilder _builder = TestApp.CreateBuilder();
    private readonly CancellationTokenSource _patience = new(Eventually.Patience);
    private DistributedApplication? _application;

    private ResourceNotificationService Notifications => _application!.ResourceNotifications;

    private CancellationToken Soon => _patience.Token;

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
    public async Task A_wait_ends_when_every_replica_is_healthy()
    {
        var verdict = HealthStatus.Unhealthy;
        _builder.Services.AddHealthChecks().AddCheck("switch", () => new HealthCheckResult(verdict));
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
        _builder.Services.AddHealthChecks().AddCheck("never", () => HealthCheckResult.Unhealthy());
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
        _builder.Services.AddHealthChecks().AddCheck("late", () => healthy ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy());
        await StartAsync();
        await Notifications.WaitForResourceAsync("first", KnownResourceStates.Exited, Soon);
        Assert.Equal(KnownResourceStates.Waiting, State("third"));

        File.WriteAllText(flag, "");
        healthy = true;
        var result = await _application!.ResourceCommands.ExecuteCommandAsync("first", KnownResourceCommands.StartCommand, Soon);

        Assert.True(result.Success, result.Message);
        await Notifications.WaitForResourceAsync("third", KnownResourceStates.Running, Soon);
    }

    [Fact]
    public async Task A_wait_that_is_to_stop_fails_with_its_dependency()
    {
        _builder.Services.AddHealthChecks().AddCheck("never", () => HealthCheckResult.Unhealthy());
        Sleeper("second").WaitFor(Shell("first", "exit 1").WithHealthCheck("never"), WaitBehavior.StopOnResourceUnavailable);
        await StartAsync();

        await Notifications.WaitForResourceAsync("second", KnownResourceStates.FailedToStart, Soon);
    }

    [Fact]
    public async Task Explicit_start_waits_for_the_command()
    {
        Sleeper("first").WithExplicitStart();
        await StartAsync();
        await Notifications.WaitForResourceAsync("first", KnownResourceStates.NotStarted, Soon);

        Assert.True((await _application!.ResourceCommands.ExecuteCommandAsync("first", KnownResourceCommands.StartCommand, Soon)).Success);

        await Notifications.WaitForResourceAsync("first", KnownResourceStates.Running, Soon);
    }

    [Fact]
    public async Task One_replica_is_stopped_started_and_restarted_on_its_own()
    {
        Sleeper("first").WithAnnotation(new ReplicaAnnotation(2));
        await StartAsync();
        var names = Names("first");
        foreach (var name in names) await Notifications.WaitForResourceAsync(name, KnownResourceStates.Running, Soon);
        var commands = _application!.ResourceCommands;

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
    public async Task A_custom_command_runs_and_its_failure_is_a_result()
    {
        Sleeper("first")
            .WithCommand("greet", "Greet", context => Task.FromResult(CommandResults.Failure($"no, {context.ResourceName}")))
            .WithCommand("break", "Break", _ => throw new InvalidOperationException("broken"))
            .WithCommand("never", "Never", _ => Task.FromResult(CommandResults.Success()), new CommandOptions { UpdateState = _ => ResourceCommandState.Disabled });
        await StartAsync();
        var commands = _application!.ResourceCommands;

        Assert.Matches("^no, first-[a-z]{8}$", (await commands.ExecuteCommandAsync("first", "greet", Soon)).Message);
        Assert.Equal("broken", (await commands.ExecuteCommandAsync("first", "break", Soon)).Message);
        Assert.False((await commands.ExecuteCommandAsync("first", "never", Soon)).Success);
        Assert.Contains("'none'", (await commands.ExecuteCommandAsync("first", "none", Soon)).Message, StringComparison.Ordinal);
        Assert.Contains("'nobody'", (await commands.ExecuteCommandAsync("nobody", "greet", Soon)).Message, StringComparison.Ordinal);
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

        _builder.OnBeforeStart((_, _) => Note("before start"));
        _builder.Eventing.Subscribe<AfterResourcesCreatedEvent>((_, _) => Note("after created"));
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
    public async Task A_program_that_is_not_there_fails_alone()
    {
        _builder.AddExecutable("missing", "no-such-program", ".");
        Sleeper("other");
        await StartAsync();

        await Notifications.WaitForResourceAsync("missing", KnownResourceStates.FailedToStart, Soon);
        await Notifications.WaitForResourceAsync("other", KnownResourceStates.Running, Soon);
    }

    [Fact]
    public async Task A_container_fails_alone_and_says_what_is_missing()
    {
        _builder.AddContainer("cache", "redis", "7").WithHttpEndpoint(targetPort: 6379).WithLifetime(ContainerLifetime.Session);
        Sleeper("other");
        await StartAsync();

        await Notifications.WaitForResourceAsync("cache", KnownResourceStates.FailedToStart, Soon);
        await Notifications.WaitForResourceAsync("other", KnownResourceStates.Running, Soon);
        var lines = new List<LogLine>();
        await foreach (var batch in _application!.Services.GetRequiredService<ResourceLoggerService>().GetAllAsync(Names("cache")[0])) lines.AddRange(batch);
        Assert.Contains("redis:7: it is a container, and this app host has no container engine", Assert.Single(lines).Content, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_callback_that_throws_fails_its_resource_alone()
    {
        Sleeper("broken").WithEnvironment(_ => throw new InvalidOperationException("no"));
        Sleeper("other");
        await StartAsync();

        await Notifications.WaitForResourceAsync("broken", KnownResourceStates.FailedToStart, Soon);
        await Notifications.WaitForResourceAsync("other", KnownResourceStates.Running, Soon);
    }

    [Fact]
    public async Task Arguments_and_variables_reach_the_process()
    {
        var file = Path.Combine(TestApp.Home, Guid.NewGuid().ToString("n"));
        var server = Sleeper("server").WithHttpEndpoint();
        _builder.AddExecutable("writer", "sh", TestApp.Home, "-c", $"echo \"$1 $GREETING $(pwd)\" > {file}", "name").WithArgs(server.GetEndpoint("http")).WithEnvironment("GREETING", "hello");
        await StartAsync();
        await Notifications.WaitForResourceAsync("writer", KnownResourceStates.Finished, Soon);

        Assert.Equal($"{server.GetEndpoint("http").Url} hello {TestApp.Home}", (await File.ReadAllTextAsync(file, Soon)).Trim());
    }

    [Fact]
    public async Task Children_trust_the_development_ca_and_do_not_inherit_the_app_hosts_own_addresses()
    {
        Sleeper("first");
        await StartAsync();
        await Notifications.WaitForResourceAsync("first", KnownResourceStates.Running, Soon);

        var name = Names("first")[0];
        Assert.Equal(Path.Combine(TestApp.Home, "certs", "ca.pem"), Variable(name, "ROUTEGUIDE_CA"));
        Assert.StartsWith(Path.Combine(TestApp.Home, "certs", "roots"), Variable(name, "SSL_CERT_DIR"), StringComparison.Ordinal);
        Assert.Equal("Development", Variable(name, "ASPNETCORE_ENVIRONMENT"));
        Assert.Null(Variable(name, "ASPNETCORE_URLS"));
    }

    [Fact]
    public async Task Urls_are_shown_as_they_were_changed()
    {
        Sleeper("first").WithHttpEndpoint(name: "http").WithHttpEndpoint(name: "other")
            .WithUrlForEndpoint("http", url => url.DisplayText = "Home")
            .WithUrlForEndpoint("http", endpoint => new ResourceUrlAnnotation { Url = "/docs", DisplayText = "Docs" })
            .WithUrl("https://example.com", "Away")
            .WithUrls(context => context.Urls.RemoveAll(u => u.Endpoint?.EndpointName == "other"));
        await StartAsync();

        var urls = Snapshot(Names("first")[0]).Urls;
        Assert.Equal(["Home", "Away", "Docs"], urls.Select(u => u.DisplayProperties.DisplayName));
        Assert.EndsWith("/docs", urls[2].Url, StringComparison.Ordinal);
        Assert.StartsWith("http://localhost:", urls[2].Url, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_project_by_path_is_built_and_started_and_on_demand_built_again()
    {
        // Outside of the repository, so that nothing else is built with it.
        var folder = Directory.CreateDirectory(Path.Combine(TestApp.Home, Guid.NewGuid().ToString("n"))).FullName;
        var project = Path.Combine(folder, "Sample.csproj");
        await File.WriteAllTextAsync(project, "<Project Sdk=\"Microsoft.NET.Sdk\"><PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><UseAppHost>false</UseAppHost></PropertyGroup></Project>", Soon);
        async Task WriteAsync(string word) => await File.WriteAllTextAsync(Path.Combine(folder, "Program.cs"), $"System.Console.WriteLine(\"{word}\"); await System.Threading.Tasks.Task.Delay(-1);");
        await WriteAsync("one");
        using var longer = new CancellationTokenSource(TimeSpan.FromMinutes(8));
        _builder.AddProject("sample", project);
        _application = _builder.Build();
        await _application.StartAsync(longer.Token);
        var lines = _application.Services.GetRequiredService<ResourceLoggerService>();
        await Notifications.WaitForResourceHealthyAsync("sample", WaitBehavior.StopOnResourceUnavailable, longer.Token);
        await UntilAsync(lines, Names("sample")[0], "one", longer.Token);

        await WriteAsync("two");
        var result = await _application.ResourceCommands.ExecuteCommandAsync("sample", KnownResourceCommands.RebuildCommand, longer.Token);

        Assert.True(result.Success, result.Message);
        await UntilAsync(lines, Names("sample")[0], "two", longer.Token);

        await WriteAsync("\" + nonsense + \"");
        result = await _application.ResourceCommands.ExecuteCommandAsync("sample", KnownResourceCommands.RebuildCommand, longer.Token);
        Assert.False(result.Success);
        Assert.Contains("nonsense", result.Message, StringComparison.Ordinal);
        Assert.Equal(KnownResourceStates.FailedToStart, State("sample"));
    }

    [Fact]
    public async Task The_number_of_replicas_is_changed_by_a_command_and_those_that_come_are_as_ready_as_the_others()
    {
        _builder.Services.AddHealthChecks().AddCheck("always", () => HealthCheckResult.Healthy());
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

    [Fact]
    public async Task A_replica_that_somebody_stopped_keeps_nobody_waiting_and_has_not_failed()
    {
        var first = Sleeper("first").WithAnnotation(new ReplicaAnnotation(2));
        Sleeper("second").WaitFor(first, WaitBehavior.StopOnResourceUnavailable).WithExplicitStart();
        await StartAsync();
        await Notifications.WaitForResourceHealthyAsync("first", Soon);
        Assert.True((await _application!.ResourceCommands.ExecuteCommandAsync(Names("first")[0], KnownResourceCommands.StopCommand, Soon)).Success);

        Assert.True((await _application.ResourceCommands.ExecuteCommandAsync("second", KnownResourceCommands.StartCommand, Soon)).Success);

        Assert.Equal(KnownResourceStates.Running, State("second"));
    }

    [Fact]
    public async Task A_health_check_by_grpc_asks_each_replica_itself()
    {
        foreach (var (name, service) in (IEnumerable<(string, string?)>)[("server", null), ("stranger", "no.such.Service")])
        {
            var server = _builder.AddExecutable(name, "dotnet", Path.Combine(Repository.Root, "RouteGuide.Server"), "exec", Repository.Assembly("RouteGuide.Server")).WithHttpEndpoint().WithGrpcHealthCheck(service);
            server.WithEnvironment("ASPNETCORE_URLS", $"http://localhost:{server.GetEndpoint("http").Property(EndpointProperty.TargetPort)}");
        }

        await StartAsync();

        await Notifications.WaitForResourceHealthyAsync("server", Soon);
        var unknown = await Notifications.WaitForResourceAsync("stranger", e => e.Snapshot.HealthReports.Any(r => r.Description?.Contains("NotFound", StringComparison.Ordinal) == true), Soon);
        Assert.Equal(HealthStatus.Unhealthy, unknown.Snapshot.HealthStatus);
    }

    [Fact]
    public async Task A_process_that_lost_its_port_to_another_starts_again_with_another_port()
    {
        var (told, lost) = (Path.Combine(TestApp.Home, Guid.NewGuid().ToString("n")), Path.Combine(TestApp.Home, Guid.NewGuid().ToString("n")));
        Shell("first", $"if test -e {lost}; then exec sleep 1000; fi; echo $PORT > {told}.tmp; mv {told}.tmp {told}; until test -e {lost}; do sleep 0.02; done; exit 1").WithHttpEndpoint(env: "PORT");
        await StartAsync();
        await Eventually.Until(() => File.Exists(told), "the first run knows its port");
        var port = int.Parse((await File.ReadAllTextAsync(told, Soon)).Trim(), System.Globalization.CultureInfo.InvariantCulture);
        var before = Process(Names("first")[0]);
        using var thief = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, port);
        thief.Start();

        await File.WriteAllTextAsync(lost, "", Soon);
        await Notifications.WaitForResourceAsync("first", e => e.Snapshot.State?.Text == KnownResourceStates.Running && !Equals(e.Snapshot.Properties.Single(p => p.Name == "executable.pid").Value, before), Soon);

        Assert.NotEqual($"{port}", Variable(Names("first")[0], "PORT"));
    }

    [Fact]
    public async Task The_lines_of_an_instance_can_be_read()
    {
        Shell("first", "echo one; echo two >&2; exit 0");
        await StartAsync();
        await Notifications.WaitForResourceAsync("first", KnownResourceStates.Finished, Soon);

        var lines = new List<LogLine>();
        await foreach (var batch in _application!.Services.GetRequiredService<ResourceLoggerService>().GetAllAsync(Names("first")[0])) lines.AddRange(batch);
        Assert.Equal([("one", false), ("two", true)], lines.Select(l => (l.Content, l.IsErrorMessage)).OrderBy(l => l.IsErrorMessage));
    }

    [Fact]
    public async Task Watching_starts_with_what_is_known()
    {
        Sleeper("first");
        await StartAsync();
        await Notifications.WaitForResourceAsync("first", KnownResourceStates.Running, Soon);

        await foreach (var update in Notifications.WatchAsync(Soon))
        {
            Assert.Equal("first", update.Resource.Name);
            Assert.Equal(Names("first")[0], update.ResourceId);
            Assert.Equal(KnownResourceStates.Running, update.Snapshot.State?.Text);
            break;
        }
    }

    [Fact]
    public async Task A_port_that_is_taken_is_a_clear_error_and_nothing_is_left_running()
    {
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        var port = ((System.Net.IPEndPoint)taken.LocalEndpoint).Port;
        var proxied = TestApp.CreateBuilder();
        proxied.AddExecutable("balancer", "sh", ".").WithHttpsEndpoint(port: port);
        var direct = TestApp.CreateBuilder();
        direct.AddExecutable("balancer", "sh", ".").WithHttpsEndpoint(port: port, isProxied: false);

        foreach (var builder in new[] { proxied, direct })
        {
            await using var application = builder.Build();
            var fault = await Assert.ThrowsAsync<DistributedApplicationException>(() => application.StartAsync(Soon));
            Assert.Equal($"Port {port} of endpoint 'https' of 'balancer' is in use by another process.", fault.Message);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_application is not null) await _application.DisposeAsync();
        _patience.Dispose();
    }

    private IResourceBuilder<ExecutableResource> Shell(string name, string script) => _builder.AddExecutable(name, "sh", ".", "-c", script);

    private IResourceBuilder<ExecutableResource> Sleeper(string name) => Shell(name, "exec sleep 1000");

    private IResourceBuilder<ExecutableResource> Server(string name, string healthPath = "/health") =>
        _builder.AddExecutable(name, "dotnet", ".", "exec", TestApp.SampleHost, "serve").WithHttpEndpoint(env: "PORT").WithHttpHealthCheck(healthPath);

    private async Task StartAsync()
    {
        _application = _builder.Build();
        await _application.StartAsync(Soon);
    }

    private static InteractionInputCollection Replicas(int count) =>
        new([new InteractionInput { Name = "replicas", InputType = InputType.Number, Value = $"{count}" }]);

    private Task<ExecuteCommandResult> ScaleAsync(string resource, int count) => _application!.ResourceCommands.ExecuteCommandAsync(resource, "resource-scale", Replicas(count), Soon);

    private static async Task UntilAsync(ResourceLoggerService loggers, string instance, string line, CancellationToken cancellationToken)
    {
        await foreach (var batch in loggers.WatchAsync(instance).WithCancellation(cancellationToken))
        {
            if (batch.Any(l => l.Content == line)) return;
        }

        Assert.Fail($"'{instance}' has ended without writing '{line}'.");
    }

    private IReadOnlyList<string> Names(string resource)
    {
        Assert.True(_builder.Resources.TryGetByName(resource, out var found));
        return found!.GetInstanceNames();
    }

    private CustomResourceSnapshot Snapshot(string instance)
    {
        Assert.True(Notifications.TryGetCurrentState(instance, out var known));
        return known!.Snapshot;
    }

    private string? State(string name) => Snapshot(_builder.Resources.TryGetByName(name, out var resource) ? resource.GetInstanceNames()[0] : name).State?.Text;

    private object? Process(string instance) => Snapshot(instance).Properties.Single(p => p.Name == "executable.pid").Value;

    private string? Variable(string instance, string variable) => Snapshot(instance).EnvironmentVariables.SingleOrDefault(v => v.Name == variable)?.Value;
}
