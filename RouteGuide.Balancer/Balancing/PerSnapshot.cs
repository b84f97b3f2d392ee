using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Balancing;

/// <summary>What an algorithm works out of a snapshot: once, at the first pick from it.</summary>
/// <param name="make">Works it out; may be called twice for a snapshot if two threads are the first.</param>
internal sealed class PerSnapshot<T>(Func<TargetSnapshot, T> make)
    where T : class
{
    private Made? _last;

    public T Of(TargetSnapshot snapshot) => Volatile.Read(ref _last) is { } last && last.Snapshot == snapshot ? last.Value : Make(snapshot);

    private T Make(TargetSnapshot snapshot)
    {
        var made = new Made(snapshot, make(snapshot));
        Volatile.Write(ref _last, made);
        return made.Value;
    }

    private sealed record Made(TargetSnapshot Snapshot, T Value);
}
