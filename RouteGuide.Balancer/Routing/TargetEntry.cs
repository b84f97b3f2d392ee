namespace RouteGuide.Balancer.Routing;

/// <summary>A target and what is known of it at one moment.</summary>
/// <param name="Target">The target.</param>
/// <param name="Draining">It gets no further calls.</param>
/// <param name="Suspect">The last attempt to connect failed: others are preferred until one succeeds.</param>
/// <param name="Share">What its weight is multiplied by, above 0 to 1: less than 1 while it behaves unlike the others.</param>
internal readonly record struct TargetEntry(Target Target, bool Draining, bool Suspect, double Share = 1)
{
    /// <summary>The <see cref="Ramp"/> of a target that begins to start slowly.</summary>
    public const double LeastRamp = 0.01;

    /// <summary>What active checks say.</summary>
    public TargetHealth Health { get; init; } = TargetHealth.Unchecked;

    /// <summary>Why it gets no calls for a while although its checks may pass; null if it does get them.</summary>
    public string? Ejected { get; init; }

    /// <summary>What its weight is multiplied by besides <see cref="Share"/> while it starts slowly: <see cref="LeastRamp"/> to 1.</summary>
    public double Ramp { get; init; } = 1;

    /// <summary>Nothing speaks against it.</summary>
    public bool IsAvailable => !Draining && !Suspect && Ejected is null && Health.IsPassing;
}
