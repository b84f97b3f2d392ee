using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Hosting;

/// <summary>The sample app host as a process: how it ends, and what it leaves behind.</summary>
public sealed class ProcessTests
{
    private const string Ready = "Distributed application started. Press Ctrl+C to shut down.";

    /// <summary>A sleep that no other test asks for, so that its processes can be found.</summary>
    private readonly string _sleep = $"{Random.Shared.Next(10_000_000, 99_999_999)}";

    public ProcessTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "The children are POSIX shells.");

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    [InlineData("HUP")]
    public async Task A_signal_ends_all_in_order_and_the_exit_code_is_0(string signal)
    {
        await using var host = Start(("first", $"sleep {_sleep} & sleep {_sleep}", []), ("second", $"exec sleep {_sleep}", ["WaitFor=first"]));
        await host.WaitForOutput(l => l.StartsWith("second-", StringComparison.Ordinal) && l.EndsWith("Running", StringComparison.Ordinal), "second runs");

        host.Signal(signal);

        Assert.Equal(0, await host.WaitForExit());
        Assert.Empty(Sleeping());
        var ends = host.Output.Where(l => l.Contains("Exited", StringComparison.Ordinal)).Select(l => l.Split('-')[0]);
        Assert.Equal(["second", "first"], ends);
    }

    [Fact]
    public async Task Ctrl_C_does_not_reach_the_children_directly()
    {
        await using var host = Start(("first", $"exec sleep {_sleep}", []));
        await host.WaitForOutput(l => l.EndsWith("Running", StringComparison.Ordinal), "first runs");
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Sessions are read from /proc.");

        var child = Assert.Single(Sleeping());
        Assert.Equal($"{child}", Stat(child)[3]);
        Assert.NotEqual(Stat(host.Id)[3], Stat(child)[3]);
    }

    [Fact]
    public async Task A_child_that_ignores_SIGTERM_is_killed_after_the_grace_time()
    {
        await using var host = Start(["--AppHost:StopTimeout=00:00:01"], ("stubborn", $"trap '' TERM; echo ready; while true; do sleep {_sleep}; done", []));
        await host.WaitForOutput(l => l.EndsWith("| ready", StringComparison.Ordinal), "the child ignores SIGTERM");

        host.Signal("TERM");

        Assert.Equal(0, await host.WaitForExit());
        Assert.Contains(host.Output, l => l.EndsWith("Exited (exit code 137)", StringComparison.Ordinal));
        await Eventually.Until(() => Sleeping().Count == 0, "nothing is left");
    }

    [Fact]
    public async Task Nothing_survives_an_app_host_that_is_killed()
    {
        // A grandchild, one in a session of its own, and one that ignores SIGTERM.
        await using var host = Start(
            ["--AppHost:StopTimeout=00:00:01"],
            ("first", $"sleep {_sleep} & setsid sleep {_sleep} & sh -c 'trap \"\" TERM; sleep {_sleep}; sleep {_sleep}' & echo ready; wait", []));
        await host.WaitForOutput(l => l.EndsWith("| ready", StringComparison.Ordinal), "the children run");
        await Eventually.Until(() => Sleeping().Count >= 3, "the grandchildren run");

        host.Signal("KILL");
        await host.WaitForExit();

        await Eventually.Until(() => Sleeping().Count == 0, "nothing is left");
    }

    [Fact]
    public async Task A_child_that_ends_takes_what_it_left_behind_with_it()
    {
        await using var host = Start(["--exit-when", "first"], ("first", $"setsid sleep {_sleep} & sleep {_sleep} & exit 5", []));

        Assert.Equal(5, await host.WaitForExit());
        Assert.Empty(Sleeping());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public async Task The_app_host_ends_with_the_exit_code_of_the_resource(int code)
    {
        await using var host = Start(["--exit-when", "first"], ("other", $"exec sleep {_sleep}", []), ("first", $"exit {code}", []));

        Assert.Equal(code, await host.WaitForExit());
        Assert.Contains($"'first' has ended with exit code {code}, and the application with it.", host.Output);
        Assert.Empty(Sleeping());
    }

    [Fact]
    public async Task A_resource_to_exit_with_that_does_not_exist_is_a_wrong_argument()
    {
        await using var host = Start(["--exit-when=nobody"], ("first", $"exec sleep {_sleep}", []));

        Assert.Equal(2, await host.WaitForExit());
        Assert.Equal("--exit-when: there is no resource 'nobody' that runs; there is 'first'.", Assert.Single(host.Error));
    }

    [Theory]
    [InlineData("--exit-when")]
    [InlineData("--exit-when=")]
    [InlineData("--exit-when", "")]
    [InlineData("--exit-when", "--AppHost:PortTimeout=00:00:00")]
    public async Task A_resource_to_exit_with_must_be_named(params string[] arguments)
    {
        // The arguments stand last: nothing may follow that could pass for a name.
        await using var host = RunningProcess.Start("dotnet", ["exec", TestApp.SampleHost, "--Resources:0:Name=first", "--Resources:0:Script=exit 0", .. arguments], new Dictionary<string, string?> { ["ROUTEGUIDE_HOME"] = TestApp.Home });

        Assert.Equal(2, await host.WaitForExit());
        Assert.Equal("--exit-when needs the name of a resource behind it: --exit-when NAME.", Assert.Single(host.Error));
        Assert.Empty(host.Output);
    }

    [Fact]
    public async Task A_short_option_is_refused_in_a_line()
    {
        await using var host = Start(["-p=6001"], ("first", "exit 0", []));

        Assert.Equal(2, await host.WaitForExit());
        Assert.Equal("'-p=6001': there are no options with one hyphen; write --name=value.", Assert.Single(host.Error));
    }

    [Fact]
    public async Task What_only_waited_when_the_app_host_is_told_to_stop_has_not_failed()
    {
        await using var host = Start(("first", $"exec sleep {_sleep}", []), ("second", "exit 0", ["WaitForCompletion=first"]));
        await host.WaitForOutput(l => l.StartsWith("second-", StringComparison.Ordinal) && l.EndsWith("Waiting for first", StringComparison.Ordinal), "second waits");

        host.Signal("TERM");

        Assert.Equal(0, await host.WaitForExit());
        Assert.Empty(host.Error);
        Assert.EndsWith("Waiting for first", host.Output.Last(l => l.StartsWith("second-", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_dependency_ends_the_wait_of_the_resource_to_exit_with()
    {
        await using var host = Start(
            ["--exit-when", "last", "--Resources:0:Command=no-such-program"],
            ("first", "", []),
            ("middle", $"exec sleep {_sleep}", ["WaitFor=first"]),
            ("last", "exit 0", ["WaitFor=middle"]));

        Assert.Equal(1, await host.WaitForExit());
        Assert.Equal(3, host.Error.Count);
        Assert.Matches("^first-[a-z]{8} failed to start: no-such-program -c \"\": 'no-such-program' was not found, or is not a program$", host.Error[0]);
        Assert.Matches("^middle-[a-z]{8} failed to start: sh: 'first-[a-z]{8}' is needed, but its state is FailedToStart.$", host.Error[1]);
        Assert.Matches("^last-[a-z]{8} failed to start: .*middle", host.Error[2]);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_one_clear_line()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        await using var host = Start(["--AppHost:PortTimeout=00:00:00"], ("first", $"exec sleep {_sleep}", [$"Port={port}", "Proxied=false"]));

        Assert.Equal(1, await host.WaitForExit());
        Assert.Equal($"Port {port} of endpoint 'http' of 'first' is in use by another process.", Assert.Single(host.Error));
        Assert.Empty(Sleeping());
    }

    [Theory]
    [InlineData("TERM", "true")]
    [InlineData("KILL", "true")]
    [InlineData("KILL", "false")]
    public async Task A_second_start_right_after_works(string signal, string proxied)
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var port = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();
        (string, string, string[]) server = ("server", $"exec dotnet exec {TestApp.SampleHost} serve", [$"Port={port}", $"Proxied={proxied}"]);
        await using (var first = Start(server))
        {
            await WaitUntilHealthyAsync(port);
            first.Signal(signal);
            await first.WaitForExit();
        }

        await using var second = Start(server);
        await second.WaitForOutput(l => l == Ready, "the second app host has started");
        await WaitUntilHealthyAsync(port);
        second.Signal("TERM");
        Assert.Equal(0, await second.WaitForExit());
    }

    [Fact]
    public async Task Lines_of_children_stand_unchanged_and_whole_behind_their_names()
    {
        const string Script = "i=0; while [ $i -lt 1000 ]; do echo \"$i  indented and trailing  \"; echo; i=$((i+1)); done";
        await using var host = Start(["--exit-when", "last"], ("one", Script, []), ("two", Script, []), ("last", "exit 0", ["WaitForCompletion=one"]));
        await host.WaitForExit();

        var expected = Enumerable.Range(0, 1000).SelectMany(i => new[] { $"{i}  indented and trailing  ", "" });
        Assert.Equal(expected, ChildLines(host, "one"));
        Assert.Equal(ChildLines(host, "two"), expected.Take(ChildLines(host, "two").Count));
    }

    [Fact]
    public async Task Output_that_is_redirected_has_no_colours_and_aligned_names()
    {
        await using var host = Start(["--exit-when", "longest-name"], ("short", "echo hello; exec sleep 1000", []), ("longest-name", "echo there; exit 0", ["WaitFor=short"]));
        await host.WaitForExit();

        Assert.DoesNotContain(host.Output, l => l.Contains('\e'));
        Assert.Single(host.Output.Where(l => l.Contains(" | ", StringComparison.Ordinal)).Select(l => l.IndexOf(" | ", StringComparison.Ordinal)).Distinct());
    }

    [Fact]
    public async Task A_setting_that_makes_no_sense_is_one_clear_line()
    {
        await using var host = Start(["--AppHost:StopTimeout=soon"], ("first", $"exec sleep {_sleep}", []));

        Assert.Equal(1, await host.WaitForExit());
        Assert.Equal("The configuration 'AppHost:StopTimeout' is 'soon': it must be a time from 00:00:00 to 00:10:00.", Assert.Single(host.Error));
    }

    [Fact]
    public async Task Publishing_is_refused_in_a_line()
    {
        await using var host = Start(["--operation", "publish"], ("first", $"exec sleep {_sleep}", []));

        Assert.Equal(2, await host.WaitForExit());
        Assert.StartsWith("--operation publish: ", Assert.Single(host.Error), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_console_that_nobody_reads_does_not_keep_the_app_host_from_stopping()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Processes are found in /proc.");
        var info = new ProcessStartInfo("dotnet", ["exec", TestApp.SampleHost, "--no-dashboard", "--AppHost:StopTimeout=00:00:01", "--Resources:0:Name=chatty", $"--Resources:0:Script=sleep {_sleep} & while :; do echo and so on; done"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        info.Environment["ROUTEGUIDE_HOME"] = TestApp.Home;
        using var host = Process.Start(info)!;
        await Eventually.Until(() => Sleeping().Count == 1, "the child runs");

        Signal("TERM", host.Id);
        using var limit = new CancellationTokenSource(Eventually.Patience);
        await host.WaitForExitAsync(limit.Token);

        Assert.Equal(0, host.ExitCode);
        Assert.Empty(Sleeping());
    }

    [Fact]
    public async Task A_second_interrupt_ends_everything_at_once()
    {
        await using var host = Start(["--AppHost:StopTimeout=00:10:00"], ("stubborn", $"trap '' TERM; echo ready; while true; do sleep {_sleep}; done", []));
        await host.WaitForOutput(l => l.EndsWith("| ready", StringComparison.Ordinal), "the child ignores SIGTERM");

        host.Signal("INT");
        await host.WaitForOutput(l => l.EndsWith("Stopping", StringComparison.Ordinal), "the app host stops");
        host.Signal("INT");

        Assert.Equal(130, await host.WaitForExit());
        await Eventually.Until(() => Sleeping().Count == 0, "nothing is left");
    }

    [Fact]
    public async Task A_start_that_waits_for_a_port_can_be_interrupted()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        await using var host = Start(["--AppHost:PortTimeout=00:05:00"], ("first", $"exec sleep {_sleep}", [$"Port={port}"]));
        await host.WaitForOutput(l => l == $"Waiting up to 300 s for port {port} of endpoint 'http' of 'first': it is in use.", "the app host waits");

        host.Signal("TERM");

        Assert.Equal(0, await host.WaitForExit());
        Assert.Empty(host.Error);
    }

    [Fact]
    public async Task The_start_reads_as_it_does_elsewhere()
    {
        await using var host = Start(["--exit-when", "first"], ("first", "exit 0", []));
        await host.WaitForExit();

        Assert.StartsWith("Aspire AppHost version: ", host.Output[0], StringComparison.Ordinal);
        Assert.Equal("Distributed application starting.", host.Output[1]);
        Assert.StartsWith("Application host directory is: ", host.Output[2], StringComparison.Ordinal);
        Assert.Contains(Ready, host.Output);
        Assert.Equal($"Development CA: {Path.Combine(TestApp.Home, "certs", "ca.pem")}", Assert.Single(host.Output, l => l.StartsWith("Development CA: ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task When_nothing_has_to_become_healthy_any_more_a_table_says_what_runs_where()
    {
        await using var host = Start(["--exit-when", "last"], ("server", $"exec dotnet exec {TestApp.SampleHost} serve", ["Port=0", "Health=/health"]), ("gone", "exit 3", []), ("last", "exit 0", ["WaitFor=server"]));
        await host.WaitForExit();

        var table = host.Output.SkipWhile(l => !l.StartsWith("Not everything could start. What runs where after ", StringComparison.Ordinal)).Skip(1).Take(4).ToArray();
        Assert.Equal("  Resource  State", table[0][..17]);
        Assert.Matches("^  server    healthy     http://localhost:[0-9]+$", table[1]);
        Assert.Equal("  gone      Exited (3)", table[2]);
        Assert.Matches("^  last      (starts now|healthy|Finished \\(0\\))$", table[3]);
    }

    [Fact]
    public async Task A_guard_that_is_killed_is_replaced()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Processes are found in /proc.");
        var flag = Path.Combine(TestApp.Home, _sleep);
        await using var host = Start(
            ["--AppHost:StopTimeout=00:00:01"],
            ("trigger", $"until test -e {flag}; do sleep 0.1; done", []),
            ("first", $"exec sleep {_sleep}", []),
            ("second", $"exec sleep {_sleep}", ["WaitForCompletion=trigger"]));
        await host.WaitForOutput(l => l.StartsWith("first-", StringComparison.Ordinal) && l.EndsWith("Running", StringComparison.Ordinal), "first runs");
        Signal("KILL", Children(host.Id).Single(id => CommandLine(id).Contains("routeguide-orphan-guard", StringComparison.Ordinal)));

        // The next process that ends or starts makes the app host notice.
        await File.WriteAllTextAsync(flag, "");
        await Eventually.Until(() => Sleeping().Count == 2, "second runs");
        host.Signal("KILL");
        await host.WaitForExit();

        await Eventually.Until(() => Sleeping().Count == 0, "nothing is left");
    }

    private static async Task WaitUntilHealthyAsync(int port)
    {
        using var http = new HttpClient();
        await Eventually.Until(
            async () =>
            {
                try
                {
                    using var response = await http.GetAsync(new Uri($"http://localhost:{port}/health"));
                    return response.IsSuccessStatusCode;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            $"port {port} answers");
    }

    private static List<string> ChildLines(RunningProcess host, string resource) =>
        [.. host.Output.Where(l => l.StartsWith(resource + "-", StringComparison.Ordinal) && l.Contains(" | ", StringComparison.Ordinal)).Select(l => l[(l.IndexOf(" | ", StringComparison.Ordinal) + 3)..])];

    private static RunningProcess Start(params (string Name, string Script, string[] Settings)[] resources) => Start([], resources);

    private static RunningProcess Start(string[] arguments, params (string Name, string Script, string[] Settings)[] resources)
    {
        var described = resources.SelectMany((r, i) => r.Settings.Select(s => $"--Resources:{i}:{s}").Append($"--Resources:{i}:Name={r.Name}").Append($"--Resources:{i}:Script={r.Script}"));
        return RunningProcess.Start("dotnet", ["exec", TestApp.SampleHost, "--no-dashboard", .. arguments, .. described], new Dictionary<string, string?> { ["ROUTEGUIDE_HOME"] = TestApp.Home });
    }

    private static void Signal(string name, int process)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{process}"]);
        kill.WaitForExit();
    }

    private List<int> Sleeping()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Processes are found in /proc.");
        return [.. Processes().Where(id => CommandLine(id) is var words && words.StartsWith("sleep\0", StringComparison.Ordinal) && words.Contains(_sleep, StringComparison.Ordinal))];
    }

    private static IEnumerable<int> Children(int parent) => Processes().Where(id => Stat(id) is { Length: > 1 } stat && stat[1] == $"{parent}");

    private static IEnumerable<int> Processes() => Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(n => n!.All(char.IsAsciiDigit)).Select(n => int.Parse(n!, CultureInfo.InvariantCulture));

    private static string CommandLine(int process) => Read($"/proc/{process}/cmdline");

    private static string[] Stat(int process) => Read($"/proc/{process}/stat") is { Length: > 0 } text ? text[(text.LastIndexOf(')') + 2)..].Split(' ') : [];

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
