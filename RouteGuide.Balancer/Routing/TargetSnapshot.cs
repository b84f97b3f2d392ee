using System.Collections.Immutable;

namespace RouteGuide.Balancer.Routing;

/// <summary>All targets at one moment. It never changes; <see cref="TargetTable"/> swaps it whole.</summary>
internal sealed class TargetSnapshot
{
    public static readonly TargetSnapshot Empty = new([]);

    private readonly Target[] _routable;
    private readonly double[] _weights;

    /// <param name="entries">In the order of registration.</param>
    /// <param name="policy">Which of them get calls; null for the default.</param>
    public TargetSnapshot(ImmutableArray<TargetEntry> entries, TargetPolicy? policy = null)
    {
        Entries = entries;
        Policy = policy ?? TargetPolicy.Default;
        TargetEntry[] registered = [.. entries.Where(e => !e.Draining)];
        TargetEntry[] chosen = [.. registered.Where(e => e.IsAvailable)];
        Registered = registered.Length;
        Available = chosen.Length;
        if (Policy.FailsOpen && Policy.IsBelowMark(Available, Registered))
        {
            IsOpen = Registered > 0;
            chosen = [.. registered.Where(e => !e.Suspect)];
            // Better a suspect than nobody: it may be back already, and if not, the caller hears the true reason.
            if (chosen.Length == 0) chosen = registered;
        }

        _routable = [.. chosen.Select(e => e.Target)];
        _weights = [.. chosen.Select(e => e.Target.Weight * e.Share * e.Ramp)];
        IsUniform = Array.TrueForAll(_weights, w => w == _weights[0]);
    }

    /// <summary>In the order of registration.</summary>
    public ImmutableArray<TargetEntry> Entries { get; }

    public TargetPolicy Policy { get; }

    /// <summary>Those that calls may go to.</summary>
    public ReadOnlySpan<Target> Routable => _routable;

    /// <summary>The weight of each of <see cref="Routable"/>, at its place: what is configured for it, times its share. Above 0.</summary>
    public ReadOnlySpan<double> Weights => _weights;

    /// <summary>All of <see cref="Weights"/> are the same.</summary>
    public bool IsUniform { get; }

    /// <summary>How many there are without those that drain.</summary>
    public int Registered { get; }

    /// <summary>How many of those nothing speaks against: the healthy ones, and those that are not checked.</summary>
    public int Available { get; }

    /// <summary>Too few are available, so that calls go to all.</summary>
    public bool IsOpen { get; }

    /// <summary>Why there is nobody to send a call to, where <see cref="Routable"/> is empty.</summary>
    public string WhyNone => Registered == 0 ? "no target is registered" : "no target is healthy";
}
