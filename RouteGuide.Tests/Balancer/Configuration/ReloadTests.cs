using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using RouteGuide.Balancer;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Configuration;

/// <summary>balancer.json is put to use when it changes: whole or not at all, and without touching what runs.</summary>
public sealed class ReloadTests
{
    [Fact]
    public async Task Targets_come_and_go_and_a_stream_that_runs_on_one_that_goes_is_left_alone()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var a = await KestrelTarget.Start(async context =>
        {
            if (context.Request.Path != "/test.Service/Long")
            {
                await KestrelTarget.Answer(context);
                return;
            }

            context.Response.ContentType = "application/grpc";
            await context.Response.StartAsync();
            entered.SetResult();
            await gate.Task;
            await context.Response.Body.WriteAsync(new byte[5]);
            context.Response.AppendTrailer("grpc-status", "0");
        });
        await using var b = await KestrelTarget.Start(KestrelTarget.Answer);
        using var folder = new ConfigurationFolder(With(a.Url));
        await using var balancer = await BalancerUnderTest.StartWith([], folder.Settings);
        using var client = BalancerUnderTest.Client();
        var running = client.SendAsync(balancer.Request(path: "/test.Service/Long"), CancellationToken.None);
        await entered.Task;

        folder.Write(With(b.Url));
        await Eventually.Until(() => Names(balancer).SequenceEqual([b.Url.Authority]), "only the new target takes calls");
        var before = (a.Calls, b.Calls);
        for (var i = 0; i < 10; i++) Assert.Equal("0", await Call(balancer, client));

        Assert.Equal((before.Item1, before.Item2 + 10), (a.Calls, b.Calls));
        gate.SetResult();
        using var response = await running;
        Assert.Equal(5, (await response.Content.ReadAsByteArrayAsync()).Length);
        Assert.Equal("0", response.TrailingHeaders.GetValues("grpc-status").Single());
    }

    [Theory]
    [InlineData("""{ "Targets": ["127.0.0.1"] }""", "Balancer:Targets:0: '127.0.0.1'")]
    [InlineData("""{ "Targest": [] }""", "Balancer:Targest: there is no such setting")]
    [InlineData("""{ "Targets": [ """, "is not the JSON of a configuration")]
    [InlineData("""{ "TargetGroups": { "default": { "ProtocolVersion": "HTTP1" } } }""", "Balancer:TargetGroups:default:ProtocolVersion: 'HTTP1'")]
    public async Task A_mistake_leaves_everything_as_it_is_and_is_told_once(string balancer, string told)
    {
        await using var a = await KestrelTarget.Start(KestrelTarget.Answer);
        using var folder = new ConfigurationFolder(With(a.Url));
        await using var running = await BalancerUnderTest.StartWith([], folder.Settings);
        var log = new LinesOf(typeof(BalancerApp).FullName!);
        running.AddLogger(log);
        using var client = BalancerUnderTest.Client();

        folder.Write(balancer);
        await Eventually.Until(() => Reasons(log).Any(), "the mistake is told");

        Assert.Contains(told, Assert.Single(Reasons(log)), StringComparison.Ordinal);
        Assert.Equal("0", await Call(running, client));
        folder.Write(With(a.Url, a.Url.Port == 1 ? 2 : 1));
        await Eventually.Until(() => Names(running).Length == 2, "the repaired file is put to use");
    }

    [Fact]
    public async Task What_counts_from_the_next_start_on_is_named()
    {
        await using var a = await KestrelTarget.Start(KestrelTarget.Answer);
        using var folder = new ConfigurationFolder(With(a.Url));
        await using var balancer = await BalancerUnderTest.StartWith([], folder.Settings);
        var log = new LinesOf(typeof(BalancerApp).FullName!);
        balancer.AddLogger(log);

        folder.Write($$"""{ "Targets": ["{{a.Url.ToString().TrimEnd('/')}}", "http://127.0.0.1:1"], "DrainTimeout": 7, "Limits": { "MaxConnections": 5 } }""");
        await Eventually.Until(() => Names(balancer).Length == 2, "the new content counts");

        Assert.Equal(["Balancer:DrainTimeout", "Balancer:Limits"], log.All.Select(l => l.GetValueOrDefault("Setting") as string).Where(s => s is not null).Order());
    }

    [Fact]
    public async Task A_file_that_vanishes_changes_nothing()
    {
        await using var a = await KestrelTarget.Start(KestrelTarget.Answer);
        using var folder = new ConfigurationFolder(With(a.Url));
        await using var balancer = await BalancerUnderTest.StartWith([], folder.Settings);
        var log = new LinesOf(typeof(BalancerApp).FullName!);
        balancer.AddLogger(log);
        using var client = BalancerUnderTest.Client();

        File.Delete(folder.File);
        await Eventually.Until(() => Reasons(log).Any(), "the loss is told");

        Assert.Contains("there is no file", Assert.Single(Reasons(log)), StringComparison.Ordinal);
        Assert.Equal("0", await Call(balancer, client));
    }

    [Fact]
    public async Task The_environment_and_the_command_line_win_over_the_file()
    {
        await using var a = await KestrelTarget.Start(KestrelTarget.Answer);
        using var folder = new ConfigurationFolder("""{ "Targets": ["http://127.0.0.1:1"] }""");
        await using var balancer = await BalancerUnderTest.StartWith([a.Url], folder.Settings);

        Assert.Equal([a.Url.Authority], Names(balancer));
    }

    [Fact]
    public async Task Weights_and_algorithms_change_without_a_start()
    {
        await using var a = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var b = await KestrelTarget.Start(KestrelTarget.Answer);
        string File(int weight, string algorithm) =>
            $$"""{ "Targets": [{ "Id": "127.0.0.1", "Port": {{a.Url.Port}}, "Weight": {{weight}} }, { "Id": "127.0.0.1", "Port": {{b.Url.Port}} }], "TargetGroups": { "default": { "Attributes": { "load_balancing.algorithm.type": "{{algorithm}}" } } } }""";
        using var folder = new ConfigurationFolder(File(1, "round_robin"));
        await using var balancer = await BalancerUnderTest.StartWith([], folder.Settings);
        using var client = BalancerUnderTest.Client();

        folder.Write(File(3, "round_robin"));
        await Eventually.Until(() => balancer.Targets.Current.Weights.ToArray().SequenceEqual([3.0, 1.0]), "the weights have changed");
        var before = (a.Calls, b.Calls);
        for (var i = 0; i < 40; i++) Assert.Equal("0", await Call(balancer, client));

        Assert.Equal((before.Item1 + 30, before.Item2 + 10), (a.Calls, b.Calls));
    }

    [Fact]
    public async Task Listeners_and_rules_come_and_go_and_streams_of_a_listener_that_goes_finish()
    {
        await using var a = await KestrelTarget.Start(KestrelTarget.Answer);
        var (first, second) = (FreePort(), FreePort());
        string File(params int[] ports) => $$"""{ "Targets": ["http://{{a.Url.Authority}}"], "Listeners": { {{string.Join(", ", ports.Select(p => $$""" "at{{p}}": { "Url": "http://127.0.0.1:{{p}}" } """))}} } }""";
        using var folder = new ConfigurationFolder(File(first));
        await using var balancer = await BalancerUnderTest.StartWith([], folder.Settings);
        Assert.True(await Listens(first));

        folder.Write(File(second));
        await Eventually.Until(() => Listens(second), "the new listener takes connections");
        await Eventually.Until(async () => !await Listens(first), "the old one does not");
    }

    [Fact]
    public async Task A_listener_whose_address_somebody_else_has_is_tried_again_and_the_rest_counts()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;
        using var folder = new ConfigurationFolder("{}");
        await using var balancer = await BalancerUnderTest.StartWith([], folder.Settings);
        var log = new LinesOf(typeof(BalancerApp).FullName!);
        balancer.AddLogger(log);

        folder.Write($$"""{ "Targets": ["http://127.0.0.1:1"], "Listeners": { "more": { "Url": "http://127.0.0.1:{{port}}" } } }""");
        await Eventually.Until(() => Reasons(log).Any(), "it is told");
        Assert.Contains("the address is in use", Assert.Single(Reasons(log)), StringComparison.Ordinal);
        Assert.Equal(["127.0.0.1:1"], Names(balancer));
        other.Stop();

        await Eventually.Until(() => Listens(port), "the listener has its address");
        Assert.Equal(port, balancer.Named("more").Port);
    }

    [Fact]
    public async Task A_listener_of_another_name_at_the_same_address_takes_its_place()
    {
        var port = FreePort();
        string File(string name) => $$"""{ "Listeners": { "{{name}}": { "Url": "http://127.0.0.1:{{port}}" } } }""";
        using var folder = new ConfigurationFolder(File("old"));
        await using var balancer = await BalancerUnderTest.StartWith([], folder.Settings);

        folder.Write(File("new"));

        await Eventually.Until(() => balancer.HasListener("new"), "it is the new one");
        Assert.True(await Listens(port));
        Assert.False(balancer.HasListener("old"));
    }

    [Fact]
    public async Task An_empty_object_is_what_it_is_the_settings_of()
    {
        using var folder = new ConfigurationFolder("""{ "TargetGroups": { "web": {} } }""");
        await using var balancer = await BalancerUnderTest.StartWith([], folder.Settings);
        var log = new LinesOf(typeof(BalancerApp).FullName!);
        balancer.AddLogger(log);
        Assert.Equal(["default", "web"], balancer.GroupNames);

        folder.Write("""{ "Listeners": { "front": {} } }""");
        await Eventually.Until(() => Reasons(log).Any(), "the mistake is told");
        Assert.Contains("Balancer:Listeners:front:Url: is missing", Assert.Single(Reasons(log)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_call_fails_while_it_is_read_again_and_again()
    {
        await using var a = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var b = await KestrelTarget.Start(KestrelTarget.Answer);
        using var folder = new ConfigurationFolder(With(a.Url));
        await using var balancer = await BalancerUnderTest.StartWith([], folder.Settings);
        using var client = BalancerUnderTest.Client();
        await balancer.Learn(client);
        using var done = new CancellationTokenSource();
        var load = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            var statuses = new List<string>();
            while (!done.IsCancellationRequested) statuses.Add(await Call(balancer, client));
            return statuses;
        })).ToList();

        for (var i = 0; i < 10; i++)
        {
            var (target, other) = i % 2 == 0 ? (b, a) : (a, b);
            folder.Write(With(target.Url));
            await Eventually.Until(() => Names(balancer).SequenceEqual([target.Url.Authority]), "the other target alone takes calls");
            var calls = target.Calls;
            await Eventually.Until(() => target.Calls > calls + 20, "calls go on");
        }

        await done.CancelAsync();
        Assert.All((await Task.WhenAll(load)).SelectMany(s => s), status => Assert.Equal("0", status));
    }

    private static string With(Uri target, params int[] ports) =>
        $$"""{ "Targets": ["http://{{target.Authority}}"{{string.Concat(ports.Select(p => $", \"http://127.0.0.1:{p}\""))}}] }""";

    private static string[] Names(BalancerUnderTest balancer) => [.. from e in balancer.Targets.Current.Entries where !e.Draining select e.Target.Address.Authority];

    private static IEnumerable<string> Reasons(LinesOf log) => log.All.Select(l => l.GetValueOrDefault("Reason") as string).OfType<string>();

    private static async Task<string> Call(BalancerUnderTest balancer, HttpMessageInvoker client)
    {
        using var response = await client.SendAsync(balancer.Request(), CancellationToken.None);
        await response.Content.ReadAsByteArrayAsync();
        return (response.TrailingHeaders.TryGetValues("grpc-status", out var inTrailers) ? inTrailers : response.Headers.GetValues("grpc-status")).Single();
    }

    private static int FreePort()
    {
        using var socket = new TcpListener(IPAddress.Loopback, 0);
        socket.Start();
        return ((IPEndPoint)socket.LocalEndpoint).Port;
    }

    private static async Task<bool> Listens(int port)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
