using RouteGuide.Balancer.Balancing;
using RouteGuide.Balancer.Health;
using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Telemetry.Events;

namespace RouteGuide.Balancer.Control;

/// <summary>What somebody who looks at the balancer can change by hand. Each change counts from the next call on, and is forgotten when the balancer ends.</summary>
/// <param name="keepers">Of all groups.</param>
/// <param name="leases">Of replicas.</param>
/// <param name="algorithms">Of all groups.</param>
/// <param name="history">Is told of changes that no target's state shows.</param>
/// <param name="logger">Is told of every change, and of who made it.</param>
internal sealed class TargetControl(TargetKeepers keepers, LeaseBook leases, IAlgorithmChoice algorithms, EventHistory history, ILogger<TargetControl> logger)
{
    /// <summary>Lets no further call go to a target; those that run have the deregistration delay. A replica keeps its lease, and is not told.</summary>
    /// <exception cref="ControlException">There is no such group or target.</exception>
    public ControlAnswer Deregister(string group, string name, string who)
    {
        var keeper = Group(group);
        if (Find(keeper, name) is not { } entry)
        {
            if (TakenOut(keeper, name) is { } gone) return Answer(keeper, gone, null);
            throw NoTarget(keeper, name);
        }

        var target = entry.Target;
        if (entry.Draining) return Answer(keeper, target.Name, target);
        if (target.Leased) leases.Find(target.Name)?.TakeOut(keeper.Dismiss);
        else keeper.Members.Deregister([target.Address]);
        logger.LogInformation("By hand: target {Target} of {Group} was deregistered, as asked from {Who}", target, keeper.Group, who);
        return Answer(keeper, target.Name, target);
    }

    /// <summary>Brings a target back that was deregistered by hand, or registers a new one by its address, <c>ip:port</c>.</summary>
    /// <exception cref="ControlException">There is no such group or target, or no room for it.</exception>
    public ControlAnswer Register(string group, string name, string who)
    {
        var keeper = Group(group);
        if (Find(keeper, name) is { Draining: false } present) return Answer(keeper, present.Target.Name, present.Target);
        if (leases.TakenOut(keeper.Group).FirstOrDefault(l => Is(l.Target.Name, l.Target.Address, name)) is { } lease)
        {
            if (!lease.BringBack()) throw new ControlException(StatusCodes.Status409Conflict, $"the replica '{RegistryText.Shown(name)}' cannot be brought back: its lease is ending, or its group has {TargetMembers.MaxTargets} targets");
        }
        else if (keeper.Members.TakenOut.FirstOrDefault(s => Is(s.Address.Authority, s.Address, name)) is { } spec)
        {
            if (!keeper.Members.Restore(spec.Address)) throw NoRoom(keeper, name);
        }
        else
        {
            if (!TargetAddress.TryParse(Url(keeper, name), out var address, out _) || !address.IsLiteral) throw NoTarget(keeper, name);
            if (keeper.Members.Register([new TargetSpec(address)]).Count > 0) throw NoRoom(keeper, name);
        }

        logger.LogInformation("By hand: target {Target} of {Group} was registered, as asked from {Who}", RegistryText.Shown(name), keeper.Group, who);
        return Find(keeper, name) is { } entry ? Answer(keeper, entry.Target.Name, entry.Target) : throw NoTarget(keeper, name);
    }

    /// <summary>Gives a target another weight, until its source says another one than before.</summary>
    /// <exception cref="ControlException">There is no such group or target, or the weight is none.</exception>
    public ControlAnswer Reweigh(string group, string name, int weight, string who)
    {
        var keeper = Group(group);
        if (weight is < 1 or > TargetSettings.MaxWeight) throw new ControlException(StatusCodes.Status400BadRequest, $"the weight {weight} is not 1 to {TargetSettings.MaxWeight}; a target that is to get no calls is deregistered");
        if (Find(keeper, name) is not { Draining: false, Target: var target }) throw NoTarget(keeper, name);
        var before = target.Weight;
        if (target.Leased) keeper.Group.Targets.Reweigh([(target, weight)]);
        else if (!keeper.Members.Reweigh(target.Address, weight)) throw NoTarget(keeper, name);
        logger.LogInformation("By hand: target {Target} of {Group} has weight {Weight}, had {Before}, as asked from {Who}", target, keeper.Group, weight, before, who);
        return Answer(keeper, target.Name, target);
    }

    /// <summary>Has a group choose its targets otherwise.</summary>
    /// <exception cref="ControlException">There is no such group or algorithm.</exception>
    public ControlAnswer Choose(string group, string algorithm, string who)
    {
        var keeper = Group(group);
        var type = AlgorithmNames.Find(algorithm) ?? throw new ControlException(StatusCodes.Status400BadRequest, $"the algorithm '{RegistryText.Shown(algorithm)}' is none; expected one of: {string.Join(", ", AlgorithmNames.All)}");
        var before = algorithms.Choose(keeper.Group.Name, type) ?? throw NoGroup(group);
        if (before == type) return new ControlAnswer(keeper.Group.Name) { Algorithm = type.Name() };
        history.Add(EventKind.Algorithm, keeper.Group.Name, null, before.Name(), type.Name(), $"by hand, from {who}");
        logger.LogInformation("By hand: {Group} goes by {Algorithm}, went by {Before}, as asked from {Who}", keeper.Group, type.Name(), before.Name(), who);
        return new ControlAnswer(keeper.Group.Name) { Algorithm = type.Name() };
    }

    private TargetKeeper Group(string name) => keepers.Find(name) ?? throw NoGroup(name);

    // One that drains is found only where no other has its name.
    private static TargetEntry? Find(TargetKeeper keeper, string name)
    {
        var entries = keeper.Group.Targets.Current.Entries;
        foreach (var draining in (bool[])[false, true])
        {
            foreach (var entry in entries)
            {
                if (entry.Draining == draining && entry.Target.Name == name) return entry;
            }

            foreach (var entry in entries)
            {
                if (entry.Draining == draining && Is(entry.Target.Name, entry.Target.Address, name)) return entry;
            }
        }

        return null;
    }

    private string? TakenOut(TargetKeeper keeper, string name) =>
        leases.TakenOut(keeper.Group).FirstOrDefault(l => Is(l.Target.Name, l.Target.Address, name))?.Target.Name
        ?? keeper.Members.TakenOut.FirstOrDefault(s => Is(s.Address.Authority, s.Address, name))?.Address.Authority;

    private static bool Is(string name, TargetAddress address, string asked) =>
        name == asked || address.Authority.Equals(asked, StringComparison.OrdinalIgnoreCase) || address.ToString().Equals(asked, StringComparison.OrdinalIgnoreCase);

    private static string Url(TargetKeeper keeper, string name) => name.Contains("://", StringComparison.Ordinal) ? name : $"{(keeper.Settings.IsTls ? "https" : "http")}://{name}";

    private static ControlAnswer Answer(TargetKeeper keeper, string name, Target? target)
    {
        foreach (var entry in keeper.Group.Targets.Current.Entries)
        {
            if (entry.Target == target) return new ControlAnswer(keeper.Group.Name) { Target = name, State = TargetHealthDescription.Of(entry).State, Weight = target.Weight };
        }

        return new ControlAnswer(keeper.Group.Name) { Target = name, State = HealthState.Unused };
    }

    private ControlException NoGroup(string name) => new(StatusCodes.Status404NotFound, $"there is no target group '{RegistryText.Shown(name)}'; expected one of: {string.Join(", ", keepers.Names)}");

    private static ControlException NoTarget(TargetKeeper keeper, string name) =>
        new(StatusCodes.Status404NotFound, $"the target group {keeper.Group} has no target '{RegistryText.Shown(name)}'; a target is named by its name or its address, ip:port");

    private static ControlException NoRoom(TargetKeeper keeper, string name) =>
        new(StatusCodes.Status409Conflict, $"the target group {keeper.Group} has room for {TargetMembers.MaxTargets} targets; '{RegistryText.Shown(name)}' is one too many");
}

/// <summary>How things are after a change.</summary>
/// <param name="Group">The target group.</param>
internal sealed record ControlAnswer(string Group)
{
    /// <summary>The target's name; null if the change was of the whole group.</summary>
    public string? Target { get; init; }

    /// <summary>The target's state; unused once it is out of the group.</summary>
    public HealthState? State { get; init; }

    /// <summary>The target's weight, while it is in the group.</summary>
    public int? Weight { get; init; }

    /// <summary>The group's algorithm, if it was changed.</summary>
    public string? Algorithm { get; init; }
}
