using System.Text;
using RouteGuide.Client.Cli;
using RouteGuide.Client.Terminal;

namespace RouteGuide.Tests.Client;

/// <summary>Runs the client's command line in this process.</summary>
internal static class CommandLine
{
    /// <summary>Runs it against an address, with nothing at standard input.</summary>
    public static Task<Result> RunAsync(Uri address, params string[] args) => RunAsync(address, "", args);

    /// <summary>Runs it against an address.</summary>
    public static async Task<Result> RunAsync(Uri address, string input, string[] args, CancellationToken cancellationToken = default)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var console = new ClientConsole(TextWriter.Synchronized(output), TextWriter.Synchronized(error), () => new MemoryStream(Encoding.UTF8.GetBytes(input)));
        var code = await ClientCommand.InvokeAsync([.. args, "--address", $"{address}"], console, cancellationToken);
        return new Result(code, output.ToString(), error.ToString());
    }

    internal sealed record Result(int Code, string Output, string Error);
}
