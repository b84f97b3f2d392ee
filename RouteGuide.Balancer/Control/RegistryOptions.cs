namespace RouteGuide.Balancer.Control;

/// <summary>How replicas register.</summary>
internal sealed record RegistryOptions
{
    /// <summary>Leases at one time.</summary>
    public const int MaxLeases = 1_000;

    /// <summary>Characters of a replica's name.</summary>
    public const int MaxNameLength = 128;

    /// <summary>Characters of a reason to drain.</summary>
    public const int MaxReasonLength = 1_024;

    /// <summary>Bytes of one message to the registry.</summary>
    public const int MaxMessageSize = 64 * 1024;

    /// <summary>What replicas show to be let in; null when none is configured, then nobody is.</summary>
    public string? Key { get; init; }

    /// <summary>How long a stream may be open without a registration. 10 s by default.</summary>
    public TimeSpan RegistrationTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
