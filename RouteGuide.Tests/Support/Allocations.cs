namespace RouteGuide.Tests.Support;

/// <summary>What something allocates on this thread.</summary>
internal static class Allocations
{
    /// <summary>
    /// Holds if doing it allocates nothing, once warm. It is done five times: a collection that other tests cause takes arrays out of the shared pool,
    /// and counts what is left of the thread's block of memory as used. What the thing itself allocates shows every time.
    /// </summary>
    public static void None(Action action)
    {
        action();
        long[] rounds = [.. Enumerable.Range(0, 5).Select(_ => By(action))];
        Assert.True(rounds.Min() == 0, $"octets allocated, five times: {string.Join(", ", rounds)}");
    }

    private static long By(Action action)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
