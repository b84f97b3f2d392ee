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

/// <summary>What a call brings along that a choice may depend on.</summary>
/// <param name="Hash">Of the call's key, for consistent hashing; any number if <paramref name="HasHash"/> is false.</param>
/// <param name="HasHash">The call has a key.</param>
internal readonly record struct PickInput(ulong Hash, bool HasHash);

/// <summary>What a choice was made by, for the status page: the numbers that were compared. Smaller is better.</summary>
/// <param name="Score">Of the target that was chosen; NaN where the algorithm compares nothing.</param>
/// <param name="Rival">The best of those that it was compared with; null where there was none.</param>
/// <param name="RivalScore">Of the rival.</param>
internal readonly record struct PickNote(double Score, Target? Rival, double RivalScore)
{
    /// <summary>Nothing was compared.</summary>
    public static readonly PickNote None = new(double.NaN, null, double.NaN);
}
