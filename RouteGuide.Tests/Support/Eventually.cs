using System.Diagnostics;

namespace RouteGuide.Tests.Support;

/// <summary>Waits for a state instead of for a time.</summary>
internal static class Eventually
{
    /// <summary>How long a state may take on a loaded two-core machine before the test is wrong to wait on.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    /// <summary>The same for what a process does: before it does anything, it has to start.</summary>
    public static readonly TimeSpan ProcessPatience = TimeSpan.FromSeconds(180);

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);

    /// <summary>Returns when <paramref name="condition"/> holds.</summary>
    /// <exception cref="TimeoutException">It did not within <paramref name="patience"/> (<see cref="Patience"/> if null).</exception>
    public static Task Until(Func<bool> condition, string what, TimeSpan? patience = null) =>
        Until(() => Task.FromResult(condition()), what, patience);

    /// <inheritdoc cref="Until(Func{bool}, string, TimeSpan?)"/>
    public static async Task Until(Func<Task<bool>> condition, string what, TimeSpan? patience = null)
    {
        var limit = patience ?? Patience;
        var waited = Stopwatch.StartNew();
        while (!await condition())
        {
            if (waited.Elapsed > limit) throw new TimeoutException($"Not within {limit.TotalSeconds:0.#} s: {what}");
            await Task.Delay(Poll);
        }
    }
}
