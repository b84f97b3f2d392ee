using System.Globalization;
using RouteGuide.Balancer;
using RouteGuide.Balancer.Routing;
using RouteGuide.Bench.Processes;

namespace RouteGuide.Bench.Soak;

/// <summary>
/// The balancer in a process of its own, which also tells what it holds: the runtime knows that better than anybody outside. Composed as
/// its own program does it.
/// </summary>
internal sealed class SoakBalancer : IAsyncDisposable
{
    /// <summary>The hidden command that runs it.</summary>
    public const string Command = "soak-balancer";

    private const string Ready = "soak-balancer takes calls on ";
    private const string Holds = "soak-balancer holds ";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ManagedProcess _process;

    private SoakBalancer(ManagedProcess process, Uri tls)
    {
        _process = process;
        Tls = tls;
    }

    /// <summary>Where it takes calls.</summary>
    public Uri Tls { get; }

    public bool HasExited => _process.HasExited;

    public string Transcript => _process.Transcript;

    /// <summary>Starts one.</summary>
    /// <exception cref="BenchException">It did not start.</exception>
    public static async Task<SoakBalancer> Start(Guard guard, IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        var process = ManagedProcess.Start(guard, [.. Enumerable.Range(0, Environment.ProcessorCount)], "dotnet", ["exec", typeof(SoakBalancer).Assembly.Location, Command, "--", .. arguments]);
        try
        {
            return new SoakBalancer(process, new Uri((await process.WaitForLine(Ready, Patience, cancellation)).Trim()));
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>The other side: serves until standard input ends, and says what it holds for every line of it.</summary>
    public static async Task Serve(string[] arguments, TextReader input, TextWriter output)
    {
        await using var balancer = BalancerApp.Build(arguments);
        await balancer.Start();
        await Tell(output, Ready + balancer.Urls(ListenerKind.Front).First());
        while (await input.ReadLineAsync() is { } number)
        {
            // What is garbage says nothing about leaks.
            var heap = GC.GetTotalMemory(forceFullCollection: true);
            await Tell(output, string.Create(CultureInfo.InvariantCulture, $"{Holds}{number} {Environment.WorkingSet} {heap}"));
        }
    }

    /// <summary>Asks what it holds now: resident memory and what lives on the managed heap, in octets.</summary>
    public async Task<(long Resident, long Heap)> Measure(int number, CancellationToken cancellation)
    {
        await _process.Write(number.ToString(CultureInfo.InvariantCulture));
        var answer = await _process.WaitForLine(string.Create(CultureInfo.InvariantCulture, $"{Holds}{number} "), Patience, cancellation);
        var parts = answer.Split(' ');
        return (long.Parse(parts[0], CultureInfo.InvariantCulture), long.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private static async Task Tell(TextWriter output, string line)
    {
        await output.WriteLineAsync(line);
        await output.FlushAsync();
    }
}
