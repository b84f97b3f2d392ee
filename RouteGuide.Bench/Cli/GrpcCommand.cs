using System.CommandLine;
using RouteGuide.Bench.Calls;
using RouteGuide.Bench.Report;
using Spectre.Console;

namespace RouteGuide.Bench.Cli;

/// <summary><c>grpc</c>: what calls cost the gRPC runtime, server and client.</summary>
internal static class GrpcCommand
{
    /// <summary>The hidden command that runs a server.</summary>
    public const string Server = "grpc-server";

    /// <summary>The hidden command that runs a client.</summary>
    public const string Client = "grpc-client";

    private const string Section = "grpc";

    public static Command Create(IAnsiConsole console)
    {
        var rows = new Option<string[]>("--rows") { Description = $"Only these: {string.Join(", ", CallRow.All.Select(r => r.Name))}.", HelpName = "name", AllowMultipleArgumentsPerToken = true };
        var seconds = new Option<int>("--seconds") { Description = "Length of a measured run, 1 to 60.", HelpName = "n", DefaultValueFactory = _ => 3 };
        var rounds = new Option<int>("--rounds") { Description = "Runs of each, 1 to 20; the median counts.", HelpName = "n", DefaultValueFactory = _ => 3 };
        var markdown = new Option<string?>("--markdown") { Description = $"Rewrite this file's section between <!-- {Section}:begin --> and <!-- {Section}:end -->.", HelpName = "file" };
        rows.Validators.Add(result => Names.Known(result, CallRow.All.Select(r => r.Name)));
        seconds.Validators.Add(result => Numbers.Within(result, 1, 60));
        rounds.Validators.Add(result => Numbers.Within(result, 1, 20));

        var command = new Command("grpc", "Says what calls cost the gRPC runtime in CPU and memory: the server beside a bare endpoint, the client over both of its transports.") { rows, seconds, rounds, markdown };
        command.SetAction(async (parsed, cancellation) =>
        {
            string[] wanted = parsed.GetValue(rows) is { Length: > 0 } named ? named : [.. CallRow.All.Select(r => r.Name)];
            var options = new CallOptions([.. CallRow.All.Where(r => wanted.Contains(r.Name))], parsed.GetRequiredValue(seconds), parsed.GetRequiredValue(rounds));
            var report = await new CallRun(options, line => console.WriteLine(line)).Run(cancellation);
            report.Write(console);
            if (parsed.GetValue(markdown) is { } file) Markdown.Replace(file, Section, report.ToMarkdown());
            return report.IsComplete ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }

    /// <summary>The server, as a process of its own.</summary>
    public static Command CreateServer(TextWriter output)
    {
        var bare = new Option<bool>("--bare") { Description = "A bare endpoint instead of the runtime's server." };
        var command = new Command(Server, "A server of 'grpc'.") { bare };
        command.Hidden = true;
        command.SetAction(async (parsed, _) =>
        {
            await CallServer.Serve(parsed.GetValue(bare), Console.In, output);
            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>The client, as a process of its own.</summary>
    public static Command CreateClient(TextWriter output)
    {
        var address = new Option<string>("--address") { Description = "The server's.", Required = true };
        var sockets = new Option<bool>("--sockets") { Description = "Over a SocketsHttpHandler instead of the channel's own transport." };
        var command = new Command(Client, "A client of 'grpc'.") { address, sockets };
        command.Hidden = true;
        command.SetAction(async (parsed, _) =>
        {
            await CallClient.Serve(new Uri(parsed.GetRequiredValue(address)), parsed.GetValue(sockets), Console.In, output);
            return ExitCode.Done;
        });
        return command;
    }
}
