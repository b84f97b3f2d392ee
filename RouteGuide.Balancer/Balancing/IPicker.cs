using RouteGuide.Balancer.Balancing.Hashing;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Balancing;

/// <summary>An algorithm that says where the next call goes. Called by many threads at once; it never allocates.</summary>
internal interface IPicker
{
    /// <summary>Chooses one of at least one routable target.</summary>
    /// <param name="snapshot">The targets and their weights at one moment.</param>
    /// <param name="input">What the call brings along.</param>
    /// <param name="note">Receives what the choice was made by.</param>
    Target Pick(TargetSnapshot snapshot, in PickInput input, out PickNote note);
}

/// <summary>An algorithm that goes by how fast targets answer. Called by many threads at once.</summary>
internal interface ILatencyWatch
{
    /// <summary>The response's headers have come.</summary>
    /// <param name="target">From there.</param>
    /// <param name="ticks">Of 100 ns, since the request's headers went.</param>
    void OnFirstOctet(Target target, long ticks);
}

/// <summary>An algorithm that goes by what targets say about their load. Called by many threads at once.</summary>
internal interface ILoadReportWatch
{
    /// <summary>A response has ended that brought <c>endpoint-load-metrics-bin</c>.</summary>
    /// <param name="target">From there.</param>
    /// <param name="value">Of the field, as it came: base64, from a peer that may be hostile.</param>
    void OnLoadReport(Target target, ReadOnlySpan<byte> value);
}

/// <summary>What a call brings along that a choice may depend on.</summary>
/// <param name="Hash">Of the call's key, for consistent hashing; any number if <paramref name="HasHash"/> is false.</param>
/// <param name="HasHash">The call has a key.</param>
internal readonly record struct PickInput(ulong Hash, bool HasHash)
{
    /// <summary>For a further choice for the same call, where the target of the one before cannot have it; of a key always the same one, at every balancer.</summary>
    public PickInput Next() => this with { Hash = XxHash64.Mix(Hash + 1) };
}

/// <summary>What a choice was made by, for the status page: the numbers that were compared. Smaller is better.</summary>
/// <param name="Score">Of the target that was chosen; NaN where the algorithm compares nothing.</param>
/// <param name="Rival">The best of those that it was compared with; null where there was none.</param>
/// <param name="RivalScore">Of the rival.</param>
internal readonly record struct PickNote(double Score, Target? Rival, double RivalScore)
{
    /// <summary>Nothing was compared.</summary>
    public static readonly PickNote None = new(double.NaN, null, double.NaN);
}
