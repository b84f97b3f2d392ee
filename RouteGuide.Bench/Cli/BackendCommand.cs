using System.CommandLine;
using RouteGuide.Bench.Backend;

namespace RouteGuide.Bench.Cli;

/// <summary><c>backend</c>: the targets of a comparison, as a process of their own.</summary>
internal static class BackendCommand
{
    public const string Name = "backend";
    public const string Listening = "Listening on ";

    public static Command Create(TextWriter output)
    {
        var count = new Option<int>("--count") { Description = "How many targets, 1 to 16, each on a free port of loopback.", HelpName = "n", DefaultValueFactory = _ => 2 };
        count.Validators.Add(result => Numbers.Within(result, 1, 16));
        var command = new Command(Name, "Serves canned gRPC answers over plaintext HTTP/2 until its standard input ends. What 'compare' balances over.") { count };
        command.SetAction(parsed =>
        {
            if (!OperatingSystem.IsLinux()) throw new BenchException("the backend uses epoll and so runs on Linux only");
            using var server = new BackendServer(parsed.GetRequiredValue(count));
            using var ending = new CancellationTokenSource();
            var serving = new Thread(() => server.Run(ending.Token)) { IsBackground = true, Name = "backend" };
            serving.Start();
            output.WriteLine(Listening + string.Join(' ', server.Ports));
            output.Flush();
            // Whoever started it holds the other end; when that process is gone, however it went, so is this one.
            while (Console.In.Read() >= 0)
            {
            }

            ending.Cancel();
            serving.Join();
        });
        return command;
    }
}
