using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Microsoft.Extensions.Configuration;
using RouteGuide.Client.Scenario;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Client.Cli;

/// <summary>The command line: its options, what they default to, and how what is wrong with them is told.</summary>
internal static class ClientCommand
{
    private const string DefaultAddress = "https://localhost:50051";
    private static readonly TimeSpan DefaultDeadline = TimeSpan.FromSeconds(30);

    /// <exception cref="ConfigurationException">The environment names a balancer's address that cannot be used.</exception>
    private static RootCommand Create(TextWriter output, TextWriter error)
    {
        var environment = new ConfigurationBuilder().AddEnvironmentVariables().Build();
        var known = ServiceEndpoints.Find(environment, "balancer", "https");

        var address = new Option<Uri>("--address")
        {
            Description = "Where to call: https://host:port, or http://host:port for HTTP/2 without TLS. An app host names its balancer.",
            HelpName = "url",
            CustomParser = ParseAddress,
            DefaultValueFactory = _ => known ?? new Uri(DefaultAddress),
        };
        var ca = new Option<FileInfo?>("--ca")
        {
            Description = "A PEM file with the root certificates to trust, and no others. [default: $ROUTEGUIDE_CA, else the machine's roots]",
            HelpName = "file",
            CustomParser = ParseFile,
            DefaultValueFactory = _ => environment["ROUTEGUIDE_CA"] is { Length: > 0 } path ? new FileInfo(path) : null,
        };
        var insecure = new Option<bool>("--insecure") { Description = "Take any certificate. For a test of your own only: nobody knows who answers." };
        var deadline = new Option<TimeSpan?>("--deadline")
        {
            Description = "How long each call may take: 30s, 500ms, 2m or a number of seconds; 0 for no limit. [default: 30s]",
            HelpName = "time",
            CustomParser = ParseDeadline,
        };
        var rpc = new Option<string?>("--rpc") { Description = $"Run one kind only: {string.Join(", ", Demo.Names)}. [default: all four]", HelpName = "name" };
        rpc.Validators.Add(result => OneOf(result, Demo.Names));
        var repeat = new Option<int>("--repeat") { Description = "Run it this many times over one channel.", HelpName = "n", CustomParser = result => ParseNumber(result, 1) ?? 1, DefaultValueFactory = _ => 1 };
        var seed = new Option<int?>("--seed") { Description = "Makes RecordRoute's random route the same each time.", HelpName = "n", CustomParser = result => ParseNumber(result, int.MinValue) };
        var route = new Option<FileInfo?>("--route")
        {
            Description = "Take RecordRoute's points from a file, one 'latitude longitude' a line in 1e-7 degrees, instead of ten random features.",
            HelpName = "file",
            CustomParser = ParseFile,
        };

        var command = new RootCommand(
            """
            Runs the four kinds of RPC of routeguide.RouteGuide and prints what it sends and gets.

            Exit codes: 0 every call ended as expected, 1 a call failed, 2 bad command line, 3 nobody answers at the address,
            4 the certificate is not trusted, 5 deadline exceeded, 130 interrupted.
            """);
        foreach (Option option in (Option[])[address, ca, insecure, deadline, rpc, repeat, seed, route]) command.Options.Add(option);

        command.SetAction(async (parsed, cancellationToken) =>
        {
            var settings = new ClientSettings(
                parsed.GetRequiredValue(address),
                parsed.GetValue(ca),
                parsed.GetValue(insecure),
                parsed.GetResult(deadline) is null ? DefaultDeadline : parsed.GetValue(deadline),
                parsed.GetValue(rpc),
                parsed.GetValue(repeat),
                parsed.GetValue(seed),
                parsed.GetValue(route));
            return await new ClientRun(settings, output, error).RunAsync(cancellationToken);
        });
        return command;
    }

    /// <summary>Parses and runs; what is wrong with the command line is told in one line each and has an exit code of its own.</summary>
    public static async Task<int> InvokeAsync(string[] args, TextWriter output, TextWriter error)
    {
        ParseResult parsed;
        try
        {
            parsed = Create(output, error).Parse(args);
        }
        catch (ConfigurationException problem)
        {
            await error.WriteLineAsync($"routeguide client: {problem.Message}");
            return ExitCode.Usage;
        }

        if (parsed.Errors.Count == 0) return await parsed.InvokeAsync(new InvocationConfiguration { Output = output, Error = error });

        foreach (var problem in parsed.Errors) await error.WriteLineAsync($"routeguide client: {problem.Message}");
        await error.WriteLineAsync("Try --help.");
        return ExitCode.Usage;
    }

    private static Uri? ParseAddress(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri is { PathAndQuery: "/", UserInfo: "", Fragment: "" }) return uri;
        result.AddError($"--address: '{text}' is not https://host:port or http://host:port.");
        return null;
    }

    private static TimeSpan? ParseDeadline(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        (string Suffix, double Seconds)[] units = [("ms", 0.001), ("s", 1), ("m", 60), ("", 1)];
        var (suffix, unit) = units.First(candidate => text.EndsWith(candidate.Suffix, StringComparison.Ordinal));
        if (double.TryParse(text[..^suffix.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && (value == 0 || (value * unit >= 0.001 && value * unit <= 86_400)))
        {
            return value == 0 ? null : TimeSpan.FromSeconds(value * unit);
        }

        result.AddError($"--deadline: '{text}' is not a time such as 30s, 500ms or 2m, from 1 ms to a day.");
        return null;
    }

    private static int? ParseNumber(ArgumentResult result, int least)
    {
        var text = result.Tokens[0].Value;
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= least) return value;
        result.AddError($"{Name(result)}: '{text}' is not a whole number from {least} to {int.MaxValue}.");
        return null;
    }

    private static FileInfo? ParseFile(ArgumentResult result)
    {
        if (result.Tokens[0].Value is { Length: > 0 } path) return new FileInfo(path);
        result.AddError($"{Name(result)}: '' is not a file.");
        return null;
    }

    private static string Name(ArgumentResult result) => result.Parent is OptionResult { Option.Name: var name } ? name : result.Argument.Name;

    private static void OneOf(OptionResult result, IReadOnlyCollection<string> names)
    {
        var text = Text(result);
        if (!names.Contains(text, StringComparer.OrdinalIgnoreCase)) result.AddError($"--rpc: '{text}' is not one of {string.Join(", ", names)}.");
    }

    private static string Text(OptionResult result) => string.Join(' ', result.Tokens.Select(token => token.Value));
}
