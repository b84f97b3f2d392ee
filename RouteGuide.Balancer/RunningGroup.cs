using RouteGuide.Balancer.Balancing;
using RouteGuide.Balancer.Configuration;
using RouteGuide.Balancer.Health;
using RouteGuide.Balancer.Health.Outliers;
using RouteGuide.Balancer.Proxy;
using RouteGuide.Balancer.Proxy.Stickiness;
using RouteGuide.Balancer.Proxy.Tcp;
using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Telemetry.Events;

namespace RouteGuide.Balancer;

/// <summary>What the groups that run have in common.</summary>
/// <param name="Keeping">For those who keep targets.</param>
/// <param name="Seal">Signs the cookies that keep clients with targets.</param>
/// <param name="Time">For everything that takes time.</param>
/// <param name="Loggers">For what is told of targets.</param>
/// <param name="History">Keeps what happens to them.</param>
internal sealed record RunningShared(KeeperShared Keeping, CookieSeal Seal, TimeProvider Time, ILoggerFactory Loggers, EventHistory History);

/// <summary>A target group at work, with all that looks after it. Settings may change while it runs, by one thread at a time; its protocol may not.</summary>
internal sealed class RunningGroup : IDisposable
{
    // Whose targets these are, beside those of name services and the management API.
    private const string Source = "configuration";

    private readonly RunningShared _shared;
    private readonly Behaviour _behaviour;
    private TcpGroup _tcp;
    private TargetGroupSettings? _settings;
    private bool _isUsed;
    private AlgorithmType? _chosen; // by hand; null for that of the settings

    public RunningGroup(string name, ProtocolVersion version, int index, RunningShared shared)
    {
        _shared = shared;
        Group = new TargetGroup(name, version, index);
        shared.History.Follow(Group);
        Keeper = new TargetKeeper(Group, shared.Keeping);
        var suspects = new SuspectWatch(Group.Targets, probes: version is ProtocolVersion.Http1 or ProtocolVersion.Tcp, shared.Time, shared.Loggers.CreateLogger<SuspectWatch>());
        _behaviour = new Behaviour(Group.Targets, new OutlierSettings(), shared.Time, Random.Shared, shared.Loggers.CreateLogger<OutlierDetector>());
        Keeper.Passed += _behaviour.OnCheckPassed;
        Proxy = new ProxyGroup(Group, new RoundRobin(), suspects, _behaviour);
        _tcp = new TcpGroup(Proxy, new TcpGroupSettings());
    }

    public TargetGroup Group { get; }

    public TargetKeeper Keeper { get; }

    public ProxyGroup Proxy { get; }

    /// <summary>As listeners in TCP mode use it. Any thread.</summary>
    public TcpGroup Tcp => Volatile.Read(ref _tcp);

    /// <summary>From now on it behaves so; calls that run are left alone.</summary>
    /// <param name="settings">Checked.</param>
    /// <param name="isUsed">Calls may come to it.</param>
    public void Apply(TargetGroupSettings settings, bool isUsed)
    {
        // What was chosen by hand stays until the settings say another algorithm than before.
        var before = _settings?.Attributes.Algorithm;
        if (before != settings.Attributes.Algorithm)
        {
            if (before is not null && Algorithm != settings.Attributes.Algorithm.Type) _shared.History.Add(EventKind.Algorithm, Group.Name, null, Algorithm.Name(), settings.Attributes.Algorithm.Type.Name(), "the configuration says so");
            _chosen = null;
        }

        (_settings, _isUsed) = (settings, isUsed);
        Balance();
        Keeper.Members.Set(Source, [.. settings.Addresses.Select(a => new TargetSpec(a.Address, a.Weight))]);
        var attributes = settings.Attributes;
        Proxy.Stickiness = TargetStickiness.Make(attributes.Stickiness, Group, _shared.Seal);
        Proxy.Queue.Apply(attributes.Concurrency);
        Volatile.Write(ref _tcp, new TcpGroup(Proxy, attributes.ProxyProtocol));
    }

    /// <summary>Chooses its targets otherwise from the next call on, until the settings say another algorithm than before.</summary>
    /// <returns>The algorithm before.</returns>
    public AlgorithmType Choose(AlgorithmType type)
    {
        var before = Algorithm;
        _chosen = type;
        if (before != type) Balance();
        return before;
    }

    /// <summary>It is no more: its targets get no further calls, and have the time that they have when they are deregistered.</summary>
    public void End()
    {
        Keeper.Members.Clear();
        Dispose();
    }

    /// <summary>Nobody judges its targets any more. Its keeper is disposed of by whoever holds all keepers.</summary>
    public void Dispose() => _behaviour.Dispose();

    private AlgorithmType Algorithm => _chosen ?? _settings?.Attributes.Algorithm.Type ?? AlgorithmType.RoundRobin;

    private void Balance()
    {
        var attributes = _settings!.Attributes;
        var algorithm = attributes.Algorithm with { Type = Algorithm };
        // It goes with that one alone.
        if (algorithm.Type != AlgorithmType.WeightedRandom) algorithm = algorithm with { AnomalyMitigation = Switch.Off };
        Keeper.Apply((_settings with { Attributes = attributes with { Algorithm = algorithm } }).Keeping(Group.Version, _isUsed));
        Proxy.Apply(algorithm, _shared.Time, Random.Shared);
        _behaviour.Apply(attributes.Outliers, mitigates: algorithm.AnomalyMitigation == Switch.On);
    }
}
