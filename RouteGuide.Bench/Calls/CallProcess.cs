using System.Globalization;
using RouteGuide.Bench.Processes;

namespace RouteGuide.Bench.Calls;

/// <summary>A process of the measurements: it answers a line of its standard input with a line that has the same number.</summary>
internal sealed class CallProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);

    private readonly ManagedProcess _process;
    private int _asked;

    private CallProcess(ManagedProcess process, string greeting)
    {
        _process = process;
        Greeting = greeting;
    }

    /// <summary>What followed the words by which it said that it is ready.</summary>
    public string Greeting { get; }

    /// <summary>Starts this program with another command, and returns when it is ready.</summary>
    /// <param name="guard">Ends it with us.</param>
    /// <param name="cpus">The processors that it runs on.</param>
    /// <param name="arguments">The command.</param>
    /// <param name="settings">The runtime's settings.</param>
    /// <param name="ready">What it says when it is ready.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <exception cref="BenchException">It did not start.</exception>
    public static async Task<CallProcess> Start(
        Guard guard, IReadOnlyList<int> cpus, string[] arguments, IReadOnlyDictionary<string, string?> settings, string ready, CancellationToken cancellation)
    {
        var process = ManagedProcess.Start(guard, cpus, "dotnet", ["exec", typeof(CallProcess).Assembly.Location, .. arguments], settings);
        try
        {
            return new CallProcess(process, (await process.WaitForLine(ready, StartPatience, cancellation)).Trim());
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>Asks, and returns what follows the number in the answer.</summary>
    /// <param name="question">What follows the number in the question; may be empty.</param>
    /// <param name="answer">What the answer begins with.</param>
    /// <param name="patience">How long it may take.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="BenchException">There was no answer.</exception>
    public async Task<string> Ask(string question, string answer, TimeSpan patience, CancellationToken cancellation)
    {
        var number = (++_asked).ToString(CultureInfo.InvariantCulture);
        await _process.Write($"{number} {question}".TrimEnd());
        return await _process.WaitForLine($"{answer}{number} ", patience, cancellation);
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
