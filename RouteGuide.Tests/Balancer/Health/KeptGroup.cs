using Microsoft.Extensions.Logging.Abstractions;
using RouteGuide.Balancer.Health;
using RouteGuide.Balancer.Health.Checks;
using RouteGuide.Balancer.Routing;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Health;

/// <summary>A group with its keeper, whose time passes and whose checks find what the test says. A target is known by its port.</summary>
internal sealed class KeptGroup : IDisposable
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    public static readonly HealthCheckPlan Plan = new() { Kind = CheckKind.Grpc, Interval = Interval, Timeout = TimeSpan.FromSeconds(2), HealthyThreshold = 3, UnhealthyThreshold = 2 };

    private readonly CheckGate _gate = new();

    public KeptGroup(HealthCheckPlan? checks, TargetAttributes? attributes = null, bool isInUse = true)
    {
        Probe = new FakeProbe(Time);
        Keeper = new TargetKeeper(Group, new KeeperShared(Probe, _gate, Time, new Random(1), NullLogger<TargetKeeper>.Instance) { Names = Names });
        Keeper.Apply(new KeeperSettings(checks, attributes ?? new TargetAttributes(), isInUse));
    }

    public ManualTime Time { get; } = new();

    public FakeProbe Probe { get; }

    public FakeNames Names { get; } = new();

    public TargetGroup Group { get; } = new("g", ProtocolVersion.Grpc, 0);

    public TargetKeeper Keeper { get; }

    public TargetSnapshot Now => Group.Targets.Current;

    /// <summary>The ports that calls may go to.</summary>
    public int[] Routable => [.. Now.Routable.ToArray().Select(t => t.Address.Port)];

    public static TargetSpec Spec(int port, int weight = 1) =>
        new(TargetAddress.TryParse($"http://127.0.0.1:{port}", out var address, out var error) ? address : throw new ArgumentException(error), weight);

    /// <summary>The settings name these targets, and no others.</summary>
    public void Set(params int[] ports)
    {
        Assert.Empty(Keeper.Members.Set("settings", [.. ports.Select(p => Spec(p))]));
        // First checks are due at once.
        Pass(TimeSpan.Zero);
    }

    public void Pass(TimeSpan time) => Time.Advance(time);

    /// <summary>Time in which each target is checked at least so often.</summary>
    public void PassChecks(int count = 1) => Pass(Interval * 1.1 * count);

    public TargetHealthDescription Of(int port) => Keeper.Describe().Last(d => d.Target.Address.Port == port);

    public TargetEntry Entry(int port) => Now.Entries.Last(e => e.Target.Address.Port == port);

    public void Dispose()
    {
        Keeper.Dispose();
        _gate.Dispose();
    }
}
