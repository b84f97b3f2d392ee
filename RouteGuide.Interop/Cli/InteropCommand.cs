using System.Net.Sockets;
using System.Runtime.InteropServices;
using RouteGuide.Interop.Client;
using RouteGuide.Interop.Server;

namespace RouteGuide.Interop.Cli;

/// <summary>The two programs in one: <c>server</c> and <c>client</c>.</summary>
internal static class InteropCommand
{
    /// <summary>The case passed, or the server has ended as it was told to.</summary>
    public const int Success = 0;

    /// <summary>The case failed, or the server could not start.</summary>
    public const int Failed = 1;

    /// <summary>The command line, or a file that it names, cannot be used.</summary>
    public const int Usage = 2;

    private const string Help =
        """
        usage: RouteGuide.Interop server --port N [--use_tls --cert FILE --key FILE]
               RouteGuide.Interop client --server_host HOST --server_port N [--use_tls [--use_test_ca] [--ca_file FILE]]
                                         [--server_host_override NAME] --test_case NAME [--soak_iterations N …]
        """;

    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        try
        {
            switch (args)
            {
                case ["server", .. var rest]:
                    return await ServeAsync(ServerSettings.Parse(rest), output);
                case ["client", .. var rest]:
                    return await TestAsync(ClientSettings.Parse(rest), output, error);
                case ["--help" or "-h" or "help"]:
                    await output.WriteLineAsync($"{Help}\ncases: {string.Join(", ", TestCases.All.Keys)}");
                    return Success;
                default:
                    throw new UsageException(args.Length == 0 ? $"Neither 'server' nor 'client' is asked for.\n{Help}" : $"'{args[0]}' is neither 'server' nor 'client'.\n{Help}");
            }
        }
        catch (UsageException problem)
        {
            await error.WriteLineAsync($"interop: {problem.Message}");
            return Usage;
        }
        catch (Exception problem) when (problem is IOException or SocketException)
        {
            // The port is taken, or is not ours to take.
            await error.WriteLineAsync($"interop: {problem.Message}");
            return Failed;
        }
    }

    private static async Task<int> ServeAsync(ServerSettings settings, TextWriter output)
    {
        await using var server = await InteropServer.StartAsync(settings);
        await output.WriteLineAsync($"interop server: listening on port {server.Port} {(settings.CertificateFile is null ? "without" : "with")} TLS");
        await server.WaitForShutdownAsync();
        return Success;
    }

    private static async Task<int> TestAsync(ClientSettings settings, TextWriter output, TextWriter error)
    {
        using var stop = new CancellationTokenSource();
        using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        return await InteropClient.RunAsync(settings, output, error, stop.Token) ? Success : Failed;

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }
    }
}
