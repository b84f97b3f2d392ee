using Google.Protobuf.Collections;
using Grpc.Core;
using RouteGuide.Balancer.Health;
using RouteGuide.Balancer.Routing;
using RouteGuide.Registry.V1;

namespace RouteGuide.Balancer.Control;

/// <summary>The part of the registry that registers, deregisters and describes targets of groups by their addresses.</summary>
internal sealed class TargetRegistrar(TargetKeepers keepers, LeaseBook leases)
{
    private const int MaxWeight = 999;

    /// <summary>The group of a name, the default one of the empty name.</summary>
    /// <exception cref="RpcException">There is none: <c>NOT_FOUND</c>.</exception>
    public TargetKeeper Group(string name) =>
        keepers.Find(name.Length == 0 ? RouteTable.DefaultGroup : name)
        ?? throw new RpcException(new Status(StatusCode.NotFound, $"there is no target group '{RegistryText.Shown(name)}'; expected one of: {string.Join(", ", keepers.Names)}"));

    /// <summary>A weight, with 0 for 1.</summary>
    /// <exception cref="RpcException">It is none: <c>INVALID_ARGUMENT</c>.</exception>
    public static int Weight(int weight) => weight switch
    {
        0 => 1,
        >= 1 and <= MaxWeight => weight,
        _ => throw RegistryText.Invalid($"the weight {weight} is not 1 to {MaxWeight}"),
    };

    public void Register(RegisterTargetsRequest request)
    {
        var keeper = Group(request.TargetGroup);
        var specs = Wanted(request.Targets).Select(t => new TargetSpec(Address(keeper, t), Weight(t.Weight))).ToList();
        var added = specs.Select(s => s.Address).Except(keeper.Group.Targets.Current.Entries.Select(e => e.Target.Address)).Count();
        var left = keeper.Group.Targets.Current.Entries.Length + added > TargetMembers.MaxTargets ? specs : keeper.Members.Register(specs);
        if (left.Count > 0) throw new RpcException(new Status(StatusCode.ResourceExhausted, $"the target group {keeper.Group} has room for {TargetMembers.MaxTargets} targets; {left[0].Address} is one too many"));
    }

    public void Deregister(DeregisterTargetsRequest request)
    {
        var keeper = Group(request.TargetGroup);
        var addresses = Wanted(request.Targets).Select(t => Address(keeper, t)).ToList();
        var known = keeper.Group.Targets.Current.Entries.Where(e => !e.Draining).ToLookup(e => e.Target.Address);
        foreach (var address in addresses)
        {
            if (!known[address].Any()) throw new RpcException(new Status(StatusCode.NotFound, $"the target {address} is not registered with the target group {keeper.Group}"));
        }

        keeper.Members.Deregister(addresses);
        foreach (var leased in addresses.SelectMany(a => known[a]).Where(e => e.Target.Leased)) leases.Drain(leased.Target.Name, "it was deregistered");
    }

    public DescribeTargetHealthResponse Describe(DescribeTargetHealthRequest request)
    {
        var keeper = Group(request.TargetGroup);
        var known = keeper.Describe().ToList();
        var response = new DescribeTargetHealthResponse();
        if (request.Targets.Count == 0)
        {
            response.TargetHealthDescriptions.AddRange(known.Select(d => Describe(keeper, d)));
            return response;
        }

        foreach (var asked in request.Targets)
        {
            var address = Address(keeper, asked);
            var found = known.Where(d => d.Target.Address == address).Select(d => Describe(keeper, d)).ToList();
            if (found.Count == 0) found.Add(Unknown(asked));
            response.TargetHealthDescriptions.AddRange(found);
        }

        return response;
    }

    /// <summary>The state in the words of the protocol.</summary>
    public static TargetState StateOf(HealthState state) => state switch
    {
        HealthState.Initial => TargetState.Initial,
        HealthState.Healthy => TargetState.Healthy,
        HealthState.Unhealthy => TargetState.Unhealthy,
        HealthState.Ejected => TargetState.Ejected,
        HealthState.Draining => TargetState.Draining,
        HealthState.Unused => TargetState.Unused,
        _ => TargetState.Unavailable,
    };

    /// <summary>The state that a list has, which is of what targets are meant to be: what is not checked counts as healthy, reachable or not.</summary>
    public static TargetState ListedStateOf(TargetEntry entry) =>
        StateOf(Routing.TargetHealthDescription.Of(entry with { Suspect = false }).State) is var state && state == TargetState.Unavailable ? TargetState.Healthy : state;

    private static Registry.V1.TargetHealthDescription Describe(TargetKeeper keeper, Routing.TargetHealthDescription known) => new()
    {
        Target = new TargetDescription { Id = known.Target.Address.Host, Port = known.Target.Address.Port, Weight = known.Target.Weight },
        HealthCheckPort = keeper.Settings.Checks?.PortOf(known.Target.Address) ?? 0,
        State = StateOf(known.State),
        Reason = known.Reason ?? "",
        Description = known.Description ?? "",
        Name = known.Target.Name,
        InFlight = known.Target.InFlight,
        Share = known.Share,
    };

    private static Registry.V1.TargetHealthDescription Unknown(TargetDescription asked) => new()
    {
        Target = asked,
        State = TargetState.Unused,
        Reason = TargetHealth.NotRegistered.Reason!,
        Description = TargetHealth.NotRegistered.Description!,
    };

    private static RepeatedField<TargetDescription> Wanted(RepeatedField<TargetDescription> targets) => targets.Count > 0 ? targets : throw RegistryText.Invalid("no targets are named");

    private static TargetAddress Address(TargetKeeper keeper, TargetDescription target)
    {
        var port = target.Port != 0 ? target.Port : keeper.Settings.Port ?? throw RegistryText.Invalid($"the target '{RegistryText.Shown(target.Id)}' has no port, and neither has its group");
        if (port is < 1 or > 65_535) throw RegistryText.Invalid($"the port {port} is not 1 to 65535");
        var host = target.Id.Contains(':') && !target.Id.StartsWith('[') ? $"[{target.Id}]" : target.Id;
        var url = $"{(keeper.Settings.IsTls ? "https" : "http")}://{host}:{port}";
        // A name would let whoever answers for it decide where calls go.
        if (!TargetAddress.TryParse(url, out var address, out _) || !address.IsLiteral) throw RegistryText.Invalid($"the id '{RegistryText.Shown(target.Id)}' is neither an IP address nor localhost");
        return keeper.Members.Known(address);
    }
}
