using System.Collections.Immutable;

namespace RouteGuide.Balancer.Routing;

/// <summary>A target and what is known of it at one moment.</summary>
/// <param name="Target">The target.</param>
/// <param name="Draining">It gets no further calls.</param>
/// <param name="Suspect">The last attempt to connect failed: others are preferred until one succeeds.</param>
/// <param name="Share">What its weight is multiplied by, above 0 to 1: less than 1 while it starts slowly, or behaves unlike the others.</param>
internal readonly record struct TargetEntry(Target Target, bool Draining, bool Suspect, double Share = 1);

/// <summary>All targets at one moment. It never changes; <see cref="TargetTable"/> swaps it whole.</summary>
internal sealed class TargetSnapshot
{
    public static readonly TargetSnapshot Empty = new([]);

    private readonly Target[] _routable;
    private readonly double[] _weights;

    public TargetSnapshot(ImmutableArray<TargetEntry> entries)
    {
        Entries = entries;
        TargetEntry[] chosen = [.. from e in entries where !e.Draining && !e.Suspect select e];
        // Better a suspect than nobody: it may be back already, and if not, the caller hears the true reason.
        if (chosen.Length == 0) chosen = [.. from e in entries where !e.Draining select e];
        _routable = [.. chosen.Select(e => e.Target)];
        _weights = [.. chosen.Select(e => e.Target.Weight * e.Share)];
        IsUniform = Array.TrueForAll(_weights, w => w == _weights[0]);
    }

    /// <summary>In the order of registration.</summary>
    public ImmutableArray<TargetEntry> Entries { get; }

    /// <summary>Those that calls may go to.</summary>
    public ReadOnlySpan<Target> Routable => _routable;

    /// <summary>The weight of each of <see cref="Routable"/>, at its place: what is configured for it, times its share. Above 0.</summary>
    public ReadOnlySpan<double> Weights => _weights;

    /// <summary>All of <see cref="Weights"/> are the same.</summary>
    public bool IsUniform { get; }
}
