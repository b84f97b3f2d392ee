namespace RouteGuide.Http2.Transport;

/// <summary>Something to be done at a time. Set and cleared as often as wanted, at no cost to speak of.</summary>
/// <param name="fire">Called on the loop's thread; the timer is cleared before.</param>
internal sealed class LoopTimer(Action fire)
{
    /// <summary>Milliseconds of the loop; good while <see cref="IsSet"/>.</summary>
    public long DueMs { get; internal set; }

    public bool IsSet { get; internal set; }

    internal LoopTimer? Next;
    internal LoopTimer? Previous;

    /// <summary>The slot that it is in, while it is set.</summary>
    internal int Home;

    internal void Fire() => fire();
}

/// <summary>
/// The timers of one loop: slots of 16 ms, a ring of 256. A timer further off than one round stays in its slot until its round has
/// come. Setting and clearing is a matter of four references, as deadlines of calls are set by the hundred thousand and seldom met.
/// </summary>
internal sealed class TimerWheel(long nowMs)
{
    private const int SlotMs = 16;
    private const int Slots = 256;
    private const int Due = Slots; // one list more: what is about to fire, so that one firing timer can still clear another

    private readonly LoopTimer?[] _slots = new LoopTimer?[Slots + 1];
    private long _slot = nowMs / SlotMs; // the last one that was looked at

    public int Count { get; private set; }

    /// <summary>Sets a timer, or sets it anew.</summary>
    /// <param name="timer">The timer.</param>
    /// <param name="dueMs">Milliseconds of the loop; it fires up to 16 later (and what a turn takes), never earlier.</param>
    public void Set(LoopTimer timer, long dueMs)
    {
        Clear(timer);
        timer.DueMs = dueMs;
        timer.IsSet = true;
        Link(timer, (int)(Math.Max(_slot, dueMs / SlotMs) + 1) & (Slots - 1));
        Count++;
    }

    public void Clear(LoopTimer timer)
    {
        if (!timer.IsSet) return;
        timer.IsSet = false;
        Unlink(timer);
        Count--;
    }

    /// <summary>Fires what is due.</summary>
    public void Advance(long nowMs, Action<Exception> onError)
    {
        var to = nowMs / SlotMs;
        // After a long turn one round sees everything.
        for (var slot = Math.Max(_slot + 1, to - Slots + 1); slot <= to; slot++) MoveDue((int)slot & (Slots - 1), nowMs);
        _slot = Math.Max(_slot, to);
        while (_slots[Due] is { } timer)
        {
            Clear(timer);
            try
            {
                timer.Fire();
            }
            catch (Exception e)
            {
                onError(e);
            }
        }
    }

    /// <summary>How long a loop may sleep; -1 when no timer is set.</summary>
    public int MillisecondsToNext(long nowMs)
    {
        if (Count == 0) return -1;
        var slot = _slot + 1;
        while (_slots[slot & (Slots - 1)] is null && slot < _slot + Slots) slot++;
        return (int)Math.Clamp(slot * SlotMs - nowMs, 0, SlotMs * Slots);
    }

    private void MoveDue(int slot, long nowMs)
    {
        for (var timer = _slots[slot]; timer is not null;)
        {
            var next = timer.Next;
            if (timer.DueMs <= nowMs)
            {
                Unlink(timer);
                Link(timer, Due);
            }

            timer = next;
        }
    }

    private void Link(LoopTimer timer, int slot)
    {
        timer.Home = slot;
        ref var first = ref _slots[slot];
        timer.Next = first;
        if (first is not null) first.Previous = timer;
        first = timer;
    }

    private void Unlink(LoopTimer timer)
    {
        if (timer.Next is not null) timer.Next.Previous = timer.Previous;
        if (timer.Previous is not null) timer.Previous.Next = timer.Next;
        else _slots[timer.Home] = timer.Next;
        timer.Next = timer.Previous = null;
    }
}
