namespace RouteGuide.Balancer.Routing.Metering;

/// <summary>
/// One set of counts for each thread that counts, so that nobody waits for anybody and no cache line is fought over; whoever looks adds
/// them up. Slot 0 is for threads without a slot of their own, which count under a lock of it.
/// </summary>
/// <typeparam name="T">The counts: plain numbers, written by one thread. A reader may see one of them a moment before another.</typeparam>
internal sealed class Slots<T>
    where T : class, new()
{
    private readonly Lock _making = new();
    private T?[] _slots = [];

    /// <summary>All counts that exist.</summary>
    public IEnumerable<T> All => Volatile.Read(ref _slots).OfType<T>();

    /// <summary>The counts of a thread.</summary>
    /// <param name="slot">Small; 0 for those that share it.</param>
    public T Of(int slot)
    {
        var slots = _slots;
        return (uint)slot < (uint)slots.Length && slots[slot] is { } counts ? counts : Make(slot);
    }

    /// <summary>One number of all counts.</summary>
    public long Sum(Func<T, long> number)
    {
        var sum = 0L;
        foreach (var counts in Volatile.Read(ref _slots))
        {
            if (counts is not null) sum += number(counts);
        }

        return sum;
    }

    private T Make(int slot)
    {
        lock (_making)
        {
            var slots = _slots;
            if (slot < slots.Length && slots[slot] is { } made) return made;
            var counts = new T();
            var copy = new T?[Math.Max(slots.Length, slot + 1)];
            slots.CopyTo(copy, 0);
            copy[slot] = counts;
            Volatile.Write(ref _slots, copy);
            return counts;
        }
    }
}
