using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Hosting;

/// <summary>What a running application does for its resources, and what goes wrong with one alone.</summary>
public sealed class RunningApplicationTests : RunningApplication
{
    [Fact]
    public async Task Explicit_start_waits_for_the_command()
    {
        Sleeper("first").WithExplicitStart();
        await StartAsync();
        await Notifications.WaitForResourceAsync("first", KnownResourceStates.NotStarted, Soon);

        Assert.True((await Application.ResourceCommands.ExecuteCommandAsync("first", KnownResourceCommands.StartCommand, Soon)).Success);

        await Notifications.WaitForResourceAsync("first", KnownResourceStates.Running, Soon);
    }

    [Fact]
    public async Task A_custom_command_runs_and_its_failure_is_a_result()
    {
        Sleeper("first")
            .WithCommand("greet", "Greet", context => Task.FromResult(CommandResults.Failure($"no, {context.ResourceName}")))
            .WithCommand("break", "Break", _ => throw new InvalidOperationException("broken"))
            .WithCommand("never", "Never", _ => Task.FromResult(CommandResults.Success()), new CommandOptions { UpdateState = _ => ResourceCommandState.Disabled });
        await StartAsync();
        var commands = Application.ResourceCommands;

        Assert.Matches("^no, first-[a-z]{8}$", (await commands.ExecuteCommandAsync("first", "greet", Soon)).Message);
        Assert.Equal("broken", (await commands.ExecuteCommandAsync("first", "break", Soon)).Message);
        Assert.False((await commands.ExecuteCommandAsync("first", "never", Soon)).Success);
        Assert.Contains("'none'", (await commands.ExecuteCommandAsync("first", "none", Soon)).Message, StringComparison.Ordinal);
        Assert.Contains("'nobody'", (await commands.ExecuteCommandAsync("nobody", "greet", Soon)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_that_is_a_request_asks_the_resource()
    {
        Server("server")
            .WithHttpCommand("/health", "Ask", commandName: "ask", commandOptions: new HttpCommandOptions { Method = HttpMethod.Get })
            .WithHttpCommand("/elsewhere", "Lose", commandName: "lose", commandOptions: new HttpCommandOptions { Method = HttpMethod.Get })
            .WithHttpCommand("/health", "Read", commandName: "read", commandOptions: new HttpCommandOptions
            {
                Method = HttpMethod.Get,
                GetCommandResult = async context => CommandResults.Success("read", await context.Response.Content.ReadAsStringAsync(context.CancellationToken)),
            });
        await StartAsync();
        await Notifications.WaitForResourceHealthyAsync("server", Soon);
        var commands = Application.ResourceCommands;

        Assert.True((await commands.ExecuteCommandAsync("server", "ask", Soon)).Success);
        var lost = await commands.ExecuteCommandAsync("server", "lose", Soon);
        Assert.False(lost.Success);
        Assert.Contains("/elsewhere: 404", lost.Message, StringComparison.Ordinal);
        Assert.Matches("^[0-9]+$", (await commands.ExecuteCommandAsync("server", "read", Soon)).Data?.Value);
    }

    [Fact]
    public async Task A_connection_string_is_there_once_what_it_is_made_of_is()
    {
        var key = Builder.AddParameter("key", "value", secret: true);
        var server = Sleeper("server").WithHttpEndpoint(name: "http").WithExplicitStart();
        var seen = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var connection = Builder.AddConnectionString("connection", ReferenceExpression.Create($"{server.GetEndpoint("http")};{key}"))
            .OnConnectionStringAvailable(async (resource, _, cancel) => seen.TrySetResult(await resource.ConnectionStringExpression.GetValueAsync(cancel)));
        Builder.AddConnectionString("missing");
        Sleeper("user").WithReference(connection).WaitFor(connection);
        await StartAsync();
        await Notifications.WaitForResourceAsync("missing", KnownResourceStates.ValueMissing, Soon);
        await Notifications.WaitForResourceAsync("server", KnownResourceStates.NotStarted, Soon);
        await Notifications.WaitForResourceAsync("connection", KnownResourceStates.Waiting, Soon);
        await Notifications.WaitForResourceAsync("user", KnownResourceStates.Waiting, Soon);
        Assert.False(seen.Task.IsCompleted);

        Assert.True((await Application.ResourceCommands.ExecuteCommandAsync("server", KnownResourceCommands.StartCommand, Soon)).Success);

        await Notifications.WaitForResourceAsync("user", KnownResourceStates.Running, Soon);
        Assert.Equal($"{server.GetEndpoint("http").Url};value", await seen.Task.WaitAsync(Soon));
        Assert.Equal(await seen.Task, Variable(Names("user")[0], "ConnectionStrings__connection"));
        var shown = Snapshot("connection");
        Assert.Equal("ConnectionString", shown.ResourceType);
        Assert.True(Assert.Single(shown.Properties).IsSensitive);
    }

    [Fact]
    public async Task A_program_that_is_not_there_fails_alone()
    {
        Builder.AddExecutable("missing", "no-such-program", ".");
        Sleeper("other");
        await StartAsync();

        await Notifications.WaitForResourceAsync("missing", KnownResourceStates.FailedToStart, Soon);
        await Notifications.WaitForResourceAsync("other", KnownResourceStates.Running, Soon);
    }

    [Fact]
    public async Task A_container_fails_alone_and_says_what_is_missing()
    {
        Builder.AddContainer("cache", "redis", "7").WithHttpEndpoint(targetPort: 6379).WithLifetime(ContainerLifetime.Session);
        Sleeper("other");
        await StartAsync();

        await Notifications.WaitForResourceAsync("cache", KnownResourceStates.FailedToStart, Soon);
        await Notifications.WaitForResourceAsync("other", KnownResourceStates.Running, Soon);
        var lines = new List<LogLine>();
        await foreach (var batch in Application.Services.GetRequiredService<ResourceLoggerService>().GetAllAsync(Names("cache")[0])) lines.AddRange(batch);
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
        Builder.AddExecutable("writer", "sh", TestApp.Home, "-c", $"echo \"$1 $GREETING $(pwd)\" > {file}", "name").WithArgs(server.GetEndpoint("http")).WithEnvironment("GREETING", "hello");
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
        Builder.AddProject("sample", project);
        await StartAsync(longer.Token);
        var lines = Application.Services.GetRequiredService<ResourceLoggerService>();
        await Notifications.WaitForResourceHealthyAsync("sample", WaitBehavior.StopOnResourceUnavailable, longer.Token);
        await UntilAsync(lines, Names("sample")[0], "one", longer.Token);

        await WriteAsync("two");
        var result = await Application.ResourceCommands.ExecuteCommandAsync("sample", KnownResourceCommands.RebuildCommand, longer.Token);

        Assert.True(result.Success, result.Message);
        await UntilAsync(lines, Names("sample")[0], "two", longer.Token);

        await WriteAsync("\" + nonsense + \"");
        result = await Application.ResourceCommands.ExecuteCommandAsync("sample", KnownResourceCommands.RebuildCommand, longer.Token);
        Assert.False(result.Success);
        Assert.Contains("nonsense", result.Message, StringComparison.Ordinal);
        Assert.Equal(KnownResourceStates.FailedToStart, State("sample"));
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
        await foreach (var batch in Application.Services.GetRequiredService<ResourceLoggerService>().GetAllAsync(Names("first")[0])) lines.AddRange(batch);
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
}
