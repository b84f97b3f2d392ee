using System.CommandLine;
using RouteGuide.Client.Load;
using RouteGuide.Client.Scenario;
using RouteGuide.Client.Terminal;

namespace RouteGuide.Client.Cli;

/// <summary>The command <c>load</c>.</summary>
internal static class LoadCommand
{
    private static readonly TimeSpan DefaultDuration = TimeSpan.FromSeconds(10);

    public static Command Create(ConnectionOptions connection, ClientConsole console)
    {
        var method = new Option<string>("--method") { Description = $"What to call: {string.Join(", ", Demo.Names)}, or any package.Service/Method.", HelpName = "name", DefaultValueFactory = _ => Demo.Names[0] };
        var data = new Option<string?>("--data", "-d") { Description = "What to send to any other method than those: JSON, @file, or - for standard input.", HelpName = "json" };
        var concurrency = new Option<int>("--concurrency", "-c") { Description = "Calls in flight at most, 1 to 10000.", HelpName = "n", CustomParser = result => Parsing.Whole(result, 1, 10_000) ?? 1, DefaultValueFactory = _ => 10 };
        var connections = new Option<int>("--connections") { Description = "Connections that they share, 1 to 1000.", HelpName = "n", CustomParser = result => Parsing.Whole(result, 1, 1_000) ?? 1, DefaultValueFactory = _ => 1 };
        var rate = new Option<double?>("--rate")
        {
            Description = "Start this many calls per second, whether or not earlier ones have ended; latency then counts from when a call was due. [default: each caller calls again when its last call has ended]",
            HelpName = "n",
            CustomParser = result => Parsing.Real(result, 0.01, 1_000_000),
        };
        var duration = new Option<TimeSpan?>("--duration") { Description = "For how long to start calls; 0 for no limit. [default: 10s, none with --requests]", HelpName = "time", CustomParser = Parsing.Time };
        var requests = new Option<int?>("--requests", "-n") { Description = "How many calls to start.", HelpName = "n", CustomParser = result => Parsing.Whole(result, 1) };
        var json = new Option<bool>("--json") { Description = "Write the summary as JSON." };
        var shared = new CallOptionSet();
        var command = new Command(
            "load",
            """
            Makes many calls and measures them: calls per second, latencies, errors by status, and who answered.

            On a terminal a table is kept up to date; elsewhere a line a second goes to standard error. Ctrl+C ends it with the summary so far.
            Exit codes: 0 every call was OK, 1 one was not, 130 interrupted; 2, 3, 4 as without a command.

            Example: routeguide-client load --concurrency 50 --connections 4 --duration 30s
            Example: routeguide-client load --method ListFeatures --rate 200 --requests 1000 --json
            """);
        foreach (var option in (Option[])[method, data, concurrency, connections, rate, duration, requests, json, .. shared.All]) command.Options.Add(option);
        command.SetAction((parsed, cancellationToken) =>
        {
            var most = parsed.GetValue(requests);
            var settings = new LoadSettings(
                parsed.GetRequiredValue(method),
                parsed.GetValue(data),
                parsed.GetValue(concurrency),
                parsed.GetValue(connections),
                parsed.GetValue(rate),
                parsed.GetResult(duration) is not null ? Parsing.Limit(parsed.GetValue(duration)) : most is null ? DefaultDuration : null,
                most,
                shared.Timeout(parsed),
                shared.Headers(parsed),
                parsed.GetValue(json));
            return new ClientRun(connection.Read(parsed), console).RunAsync(settings.Timeout, run => new LoadRun(settings, console, TimeProvider.System).RunAsync(run), cancellationToken);
        });
        return command;
    }
}
