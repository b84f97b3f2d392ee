using System.CommandLine;
using RouteGuide.Client.Calls;
using RouteGuide.Client.Terminal;

namespace RouteGuide.Client.Cli;

/// <summary>The command <c>call</c>.</summary>
internal static class CallCommand
{
    public static Command Create(ConnectionOptions connection, ClientConsole console)
    {
        var method = new Argument<string>("METHOD") { Description = "The method: package.Service/Method." };
        var json = new Argument<string?>("JSON") { Description = "What to send: JSON, @file, or - for standard input; several documents one after the other for a stream.", Arity = ArgumentArity.ZeroOrOne };
        var data = new Option<string?>("--data", "-d") { Description = "The same as JSON.", HelpName = "json" };
        var defaults = new Option<bool>("--emit-defaults") { Description = "Write fields that have their default value too." };
        var compact = new Option<bool>("--compact") { Description = "Write each answer on one line." };
        var verbose = new Option<bool>("--verbose", "-v") { Description = "Tell headers and trailers on standard error, the replica that answered among them." };
        var shared = new CallOptionSet();
        var command = new Command(
            "call",
            """
            Calls any method. What it takes and gives is learnt from the server, by reflection.

            Answers go to standard output as JSON, one document a message; the status, where it is not OK, to standard error.
            Exit codes: 0 OK, 64 + the gRPC status code (69 NOT_FOUND, 67 INVALID_ARGUMENT, 68 DEADLINE_EXCEEDED), 2 bad command line or
            JSON, 1 no reflection or a broken answer, 3 nobody answers, 4 the certificate is not trusted, 130 interrupted.

            Example: routeguide-client call routeguide.RouteGuide/GetFeature '{"latitude": 409146138, "longitude": -746188906}'
            """);
        command.Arguments.Add(method);
        command.Arguments.Add(json);
        foreach (var option in (Option[])[data, .. shared.All, defaults, compact, verbose]) command.Options.Add(option);
        command.Validators.Add(result =>
        {
            if (result.GetResult(json) is { Tokens.Count: > 0 } && result.GetResult(data) is not null) result.AddError("--data: JSON is given twice, here and as an argument.");
        });
        command.SetAction((parsed, cancellationToken) =>
        {
            var settings = new CallSettings(
                parsed.GetRequiredValue(method),
                parsed.GetValue(json) ?? parsed.GetValue(data),
                shared.Headers(parsed),
                shared.Timeout(parsed),
                parsed.GetValue(defaults),
                parsed.GetValue(compact),
                parsed.GetValue(verbose));
            return new ClientRun(connection.Read(parsed), console).RunAsync(settings.Timeout, run => new CallRun(settings, console).RunAsync(run), cancellationToken);
        });
        return command;
    }
}
