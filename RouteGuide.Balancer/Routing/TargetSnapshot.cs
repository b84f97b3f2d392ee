using System.Collections.Immutable;

namespace RouteGuide.Balancer.Routing;

/// <summary>A target and what is known of it at one moment.</summary>
/// <param name="Target">The target.</param>
/// <param name="Draining">It gets no further calls.</param>
/// <param name="Suspect">The last attempt to connect failed: others are preferred until one succeeds.</param>
internal readonly record struct TargetEntry(Target Target, bool Draining, bool Suspect);

/// <summary>All targets at one moment. It never changes; <see cref="TargetTable"/> swaps it whole.</summary>
internal sealed class TargetSnapshot
{
    public static readonly TargetSnapshot Empty = new([]);

    private readonly Target[] _routable;

    public TargetSnapshot(ImmutableArray<TargetEntry> entries)
    {
        Entries = entries;
        _routable = [.. from e in entries where !e.Draining && !e.Suspect select e.Target];
        // Better a suspect than nobody: it may be back already, and if not, the caller hears the true reason.
        if (_routable.Length == 0) _routable = [.. from e in entries where !e.Draining select e.Target];
    }

    /// <summary>In the order of registration.</summary>
    public ImmutableArray<TargetEntry> Entries { get; }

    /// <summary>Those that calls may go to.</summary>
    public ReadOnlySpan<Target> Routable => _routable;
}
