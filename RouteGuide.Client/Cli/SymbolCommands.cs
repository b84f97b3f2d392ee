using System.CommandLine;
using Google.Protobuf.Reflection;
using RouteGuide.Client.Calls;
using RouteGuide.Client.Dynamic;
using RouteGuide.Client.Reflection;
using RouteGuide.Client.Terminal;

namespace RouteGuide.Client.Cli;

/// <summary>The commands <c>list</c> and <c>describe</c>.</summary>
internal static class SymbolCommands
{
    public static Command CreateList(ConnectionOptions connection, ClientConsole console)
    {
        var service = new Argument<string?>("SERVICE") { Description = "A service, whose methods are listed.", Arity = ArgumentArity.ZeroOrOne };
        var shared = new CallOptionSet();
        var command = new Command(
            "list",
            """
            Lists the server's services, or the methods of one.

            Example: routeguide-client list routeguide.RouteGuide
            """);
        command.Arguments.Add(service);
        foreach (var option in shared.All) command.Options.Add(option);
        command.SetAction((parsed, cancellationToken) => RunAsync(connection, console, shared, parsed, pool => ListAsync(pool, parsed.GetValue(service), cancellationToken), cancellationToken));
        return command;
    }

    public static Command CreateDescribe(ConnectionOptions connection, ClientConsole console)
    {
        var symbol = new Argument<string>("SYMBOL") { Description = "The full name of a service, method, message, field or enum." };
        var shared = new CallOptionSet();
        var command = new Command(
            "describe",
            """
            Writes what the server says of a service, method, message, field or enum, as a .proto file would have it.

            Example: routeguide-client describe routeguide.Feature
            """);
        command.Arguments.Add(symbol);
        foreach (var option in shared.All) command.Options.Add(option);
        command.SetAction((parsed, cancellationToken) => RunAsync(connection, console, shared, parsed, pool => DescribeAsync(pool, parsed.GetRequiredValue(symbol), cancellationToken), cancellationToken));
        return command;
    }

    private static Task<int> RunAsync(
        ConnectionOptions connection, ClientConsole console, CallOptionSet shared, ParseResult parsed, Func<DescriptorPool, Task<string>> answer, CancellationToken cancellationToken)
    {
        var timeout = shared.Timeout(parsed);
        return new ClientRun(connection.Read(parsed), console).RunAsync(
            timeout,
            async run =>
            {
                using var channel = run.Channels.Create();
                await console.Output.WriteAsync(await answer(new DescriptorPool(new ReflectionClient(channel.CreateCallInvoker(), shared.Headers(parsed), timeout))));
                await console.Output.FlushAsync(CancellationToken.None);
                return ExitCode.Success;
            },
            cancellationToken);
    }

    private static async Task<string> ListAsync(DescriptorPool pool, string? name, CancellationToken cancellationToken)
    {
        if (name is null) return Lines((await pool.ServicesAsync(cancellationToken)).Order(StringComparer.Ordinal));
        if (await pool.FindAsync(name, cancellationToken) is ServiceDescriptor service) return Lines(service.Methods.Select(method => $"{service.FullName}/{method.Name}"));
        throw new UsageException($"SERVICE: the server has no service '{name}'; {Suggest.From(name, await pool.ServicesAsync(cancellationToken), "it has")}");
    }

    private static async Task<string> DescribeAsync(DescriptorPool pool, string name, CancellationToken cancellationToken)
    {
        // A method may be written with a slash, as 'list' does.
        var symbol = name.Contains('/', StringComparison.Ordinal) && MethodName.Split(name) is { } parts ? $"{parts.Service}.{parts.Method}" : name;
        return await pool.FindAsync(symbol, cancellationToken) is { } found ? ProtoText.Of(found) : throw new UsageException($"SYMBOL: the server does not know '{name}'. 'list' tells what it has.");
    }

    private static string Lines(IEnumerable<string> lines) => string.Concat(lines.Select(line => Printable.Escape(line) + "\n"));
}
