using System.CommandLine;
using RouteGuide.Client.Scenario;
using RouteGuide.Client.Terminal;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Client.Cli;

/// <summary>The command line: its options, what they default to, and how what is wrong with them is told.</summary>
internal static class ClientCommand
{
    private static readonly TimeSpan DefaultDeadline = TimeSpan.FromSeconds(30);

    // From Ctrl+C to the end: time for running calls to be cancelled and for a summary to be written, on a busy machine too.
    private static readonly TimeSpan TerminationTimeout = TimeSpan.FromSeconds(15);

    /// <exception cref="ConfigurationException">The environment names a balancer's address that cannot be used.</exception>
    private static RootCommand Create(ClientConsole console)
    {
        var connection = new ConnectionOptions();
        var deadline = new Option<TimeSpan?>("--deadline")
        {
            Description = "How long each call may take: 30s, 500ms, 2m or a number of seconds; 0 for no limit. [default: 30s]",
            HelpName = "time",
            CustomParser = Parsing.Time,
        };
        var rpc = new Option<string?>("--rpc") { Description = $"Run one kind only: {string.Join(", ", Demo.Names)}. [default: all four]", HelpName = "name" };
        rpc.Validators.Add(result => Parsing.OneOf(result, Demo.Names));
        var repeat = new Option<int>("--repeat") { Description = "Run it this many times over one channel.", HelpName = "n", CustomParser = result => Parsing.Whole(result, 1) ?? 1, DefaultValueFactory = _ => 1 };
        var seed = new Option<int?>("--seed") { Description = "Makes RecordRoute's random route the same each time.", HelpName = "n", CustomParser = result => Parsing.Whole(result, int.MinValue) };
        var route = new Option<FileInfo?>("--route")
        {
            Description = "Take RecordRoute's points from a file, one 'latitude longitude' a line in 1e-7 degrees, instead of ten random features.",
            HelpName = "file",
            CustomParser = Parsing.File,
        };

        var command = new RootCommand(
            """
            Runs the four kinds of RPC of routeguide.RouteGuide and prints what it sends and gets. The commands below do other things.

            Exit codes: 0 every call ended as expected, 1 a call failed, 2 bad command line, 3 nobody answers at the address,
            4 the certificate is not trusted, 5 deadline exceeded, 130 interrupted; 'call' says 64 + the gRPC status code.

            Example: routeguide-client --rpc GetFeature --repeat 6
            """);
        foreach (var option in (Option[])[.. connection.All, deadline, rpc, repeat, seed, route]) command.Options.Add(option);
        command.Subcommands.Add(CallCommand.Create(connection, console));
        command.Subcommands.Add(SymbolCommands.CreateList(connection, console));
        command.Subcommands.Add(SymbolCommands.CreateDescribe(connection, console));
        command.Subcommands.Add(LoadCommand.Create(connection, console));
        command.Subcommands.Add(ChatCommand.Create(connection, console));

        command.SetAction((parsed, cancellationToken) =>
        {
            var settings = new ClientSettings(
                parsed.GetResult(deadline) is null ? DefaultDeadline : Parsing.Limit(parsed.GetValue(deadline)),
                parsed.GetValue(rpc),
                parsed.GetValue(repeat),
                parsed.GetValue(seed),
                parsed.GetValue(route));
            return new ClientRun(connection.Read(parsed), console).RunAsync(settings.Deadline, run => new ScenarioRun(settings, console).RunAsync(run), cancellationToken);
        });
        return command;
    }

    /// <summary>Parses and runs; what is wrong with the command line is told in one line each and has an exit code of its own.</summary>
    public static Task<int> InvokeAsync(string[] args, TextWriter output, TextWriter error) =>
        InvokeAsync(args, new ClientConsole(output, error, () => Stream.Null));

    /// <inheritdoc cref="InvokeAsync(string[], TextWriter, TextWriter)"/>
    public static async Task<int> InvokeAsync(string[] args, ClientConsole console, CancellationToken cancellationToken = default)
    {
        ParseResult parsed;
        try
        {
            // @file is for the commands to read, and nobody else's.
            parsed = Create(console).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        }
        catch (ConfigurationException problem)
        {
            await console.SayAsync(problem.Message);
            return ExitCode.Usage;
        }

        if (parsed.Errors.Count == 0)
        {
            var invocation = new InvocationConfiguration { Output = console.Output, Error = console.Error, ProcessTerminationTimeout = TerminationTimeout };
            return await parsed.InvokeAsync(invocation, cancellationToken);
        }

        foreach (var problem in parsed.Errors) await console.SayAsync(problem.Message);
        await console.Error.WriteLineAsync("Try --help.");
        return ExitCode.Usage;
    }
}
