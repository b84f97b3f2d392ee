using System.Diagnostics;
using System.Globalization;

namespace RouteGuide.Tests.Balancer.Fuzz;

/// <summary>
/// Runs one case after the other, each made from its own seed alone, until the time is over. ROUTEGUIDE_FUZZ_SECONDS is the time of all fuzz
/// tests together (6 s without it), ROUTEGUIDE_FUZZ_SEED the first seed: what a failure names, with 0 seconds, runs that case and no other.
/// </summary>
internal static class FuzzRun
{
    // The tests that share the time.
    private const int Tests = 3;

    // A case takes a millisecond or so: one that takes this long does not end.
    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(30);

    private static readonly int Seconds = Setting("ROUTEGUIDE_FUZZ_SECONDS", 6);
    private static readonly int First = Setting("ROUTEGUIDE_FUZZ_SEED", 0);

    /// <summary>Runs the cases of one test.</summary>
    /// <param name="name">For the message of a failure.</param>
    /// <param name="run">One case; says whether it counts, as the caller likes.</param>
    /// <returns>How many cases there were and how many of them counted.</returns>
    public static async Task<(int Cases, int Counted)> Cases(string name, Func<int, bool> run)
    {
        var seed = First;
        var counted = 0;
        var work = Task.Factory.StartNew(
            () =>
            {
                var watch = Stopwatch.StartNew();
                do
                {
                    try
                    {
                        if (run(seed)) counted++;
                    }
                    catch (Exception e)
                    {
                        throw new InvalidOperationException($"{name}, ROUTEGUIDE_FUZZ_SEED={seed}: {e.Message}", e);
                    }

                    Interlocked.Increment(ref seed);
                }
                while (watch.Elapsed.TotalSeconds < (double)Seconds / Tests);
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);

        for (var before = -1; !work.IsCompleted;)
        {
            var now = Volatile.Read(ref seed);
            if (now == before) throw new TimeoutException($"{name}, ROUTEGUIDE_FUZZ_SEED={now}: does not end");
            before = now;
            await Task.WhenAny(work, Task.Delay(Hang));
        }

        await work;
        return (seed - First, counted);
    }

    private static int Setting(string name, int byDefault) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : byDefault;
}
