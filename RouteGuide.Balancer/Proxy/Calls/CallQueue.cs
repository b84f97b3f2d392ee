using RouteGuide.Balancer.Balancing;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Proxy.Calls;

/// <summary>What became of a call that asked to wait.</summary>
internal enum QueueAnswer
{
    /// <summary>It waits.</summary>
    Waits,

    /// <summary>As many wait as may.</summary>
    Full,

    /// <summary>Nobody can wait: there is no limit any more, or no target.</summary>
    Useless,
}

/// <summary>A call that waits for a target to have room.</summary>
/// <param name="input">What the choice depends on.</param>
/// <param name="tried">Where it was sent before.</param>
/// <param name="onAdmitted">Is called once, on any thread, with a target that was entered for it; not after <see cref="CallQueue.TryLeave"/> was true.</param>
internal sealed class QueuedCall(PickInput input, Target[] tried, Action<QueuedCall, Target> onAdmitted)
{
    public PickInput Input { get; } = input;

    public List<Target> Tried { get; } = [.. tried];

    internal LinkedListNode<QueuedCall>? Place;

    internal void Admit(Target target) => onAdmitted(this, target);
}

/// <summary>
/// How many calls each target of a group has at once, over all loops, and who waits when every target has as many as it may. Calls are
/// admitted in the order in which they came: while somebody waits, nobody who comes later is let in ahead of him. While the limit is off a call costs
/// one comparison here.
/// </summary>
internal sealed class CallQueue(ProxyGroup group)
{
    private static readonly ConcurrencySettings Off = new();

    private readonly Lock _sync = new();
    private readonly LinkedList<QueuedCall> _waiting = [];
    private ConcurrencySettings _settings = Off;
    private int _most = int.MaxValue;
    private int _count; // of _waiting; 0 while nobody need be told of room

    public ConcurrencySettings Settings => Volatile.Read(ref _settings);

    /// <summary>Calls that one target may have; <see cref="int.MaxValue"/> for any number.</summary>
    public int Most => Volatile.Read(ref _most);

    /// <summary>Calls that wait.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Goes by other settings from now on. Calls that wait and find room are admitted; no call that runs is touched.</summary>
    public void Apply(ConcurrencySettings settings)
    {
        Volatile.Write(ref _settings, settings);
        Volatile.Write(ref _most, settings.MaxPerTarget > 0 ? settings.MaxPerTarget : int.MaxValue);
        Admit();
    }

    /// <summary>Has a call wait: no target had room for it.</summary>
    public QueueAnswer Wait(QueuedCall call)
    {
        lock (_sync)
        {
            if (_count >= Settings.QueueSize) return QueueAnswer.Full;
            if (group.Group.Targets.Current.Routable.IsEmpty) return QueueAnswer.Useless;
            call.Place = _waiting.AddLast(call);
            // A full fence: whoever leaves a target after the look below sees that somebody waits.
            Interlocked.Increment(ref _count);
        }

        Admit();
        return QueueAnswer.Waits;
    }

    /// <summary>A call does not want to wait any longer.</summary>
    /// <returns>False if it was admitted already: it will hear of it and has to leave the target.</returns>
    public bool TryLeave(QueuedCall call)
    {
        lock (_sync)
        {
            if (call.Place is null) return false;
            Remove(call);
            return true;
        }
    }

    /// <summary>A call has left a target, or there is another one. Any thread.</summary>
    public void OnRoom()
    {
        if (Volatile.Read(ref _count) > 0) Admit();
    }

    private void Admit()
    {
        lock (_sync)
        {
            while (_waiting.First?.Value is { } first && TargetChoice.EnterForQueue(group, first) is { } target)
            {
                Remove(first);
                first.Admit(target);
            }
        }
    }

    private void Remove(QueuedCall call)
    {
        _waiting.Remove(call.Place!);
        call.Place = null;
        Interlocked.Decrement(ref _count);
    }
}
