using RouteGuide.Balancer.Balancing;
using RouteGuide.Balancer.Health;
using RouteGuide.Balancer.Proxy.Calls;
using RouteGuide.Balancer.Proxy.Stickiness;
using RouteGuide.Balancer.Routing;
using RouteGuide.Http2.Hpack;

namespace RouteGuide.Balancer.Proxy;

/// <summary>A target group at work.</summary>
internal sealed class ProxyGroup
{
    private readonly IOutcomeWatch[] _outcomes;
    private Choice _choice;
    private TargetStickiness? _stickiness;
    private PickExplanation? _explained;
    private volatile bool _explains = true;

    /// <param name="group">Its targets and what they speak.</param>
    /// <param name="picker">Says where the next request goes; its own, so that the shares within one group do not depend on another's.</param>
    /// <param name="suspects">Is told of connections that fail.</param>
    /// <param name="outcomes">Are told of attempts that have ended.</param>
    public ProxyGroup(TargetGroup group, IPicker picker, SuspectWatch suspects, params IOutcomeWatch[] outcomes)
    {
        (Group, _choice, Suspects, _outcomes) = (group, new Choice(picker, null), suspects, outcomes);
        Tag = new KeyValuePair<string, object?>("target_group", group.Name);
        TakesAnyHttp2 = group.Version == ProtocolVersion.Http2;
        NameHash = StableHash.OfName(group.Name);
        Queue = new CallQueue(this);
    }

    public TargetGroup Group { get; }

    /// <summary>How many calls its targets have at once, and who waits.</summary>
    public CallQueue Queue { get; }

    /// <summary>The label of its metrics.</summary>
    public KeyValuePair<string, object?> Tag { get; }

    /// <summary>The next pick is to be explained to people.</summary>
    public bool Explains => _explains;

    /// <summary>Keeps a pick for people to see.</summary>
    public void Explain(Target target, in PickNote note)
    {
        _explains = false;
        Volatile.Write(ref _explained, new PickExplanation(target, note));
    }

    /// <summary>The pick that was explained last, if any; the next one will be, too.</summary>
    public PickExplanation? ExplainNext()
    {
        _explains = true;
        return Volatile.Read(ref _explained);
    }

    /// <summary>Says where the next request goes.</summary>
    public IPicker Picker => Volatile.Read(ref _choice).Picker;

    /// <summary>What the keys of calls are; null where no choice depends on them.</summary>
    public HashKey? Key => Volatile.Read(ref _choice).Key;

    /// <summary>What ties clients to its targets; null if nothing does. May be exchanged while calls are picked for.</summary>
    public TargetStickiness? Stickiness
    {
        get => Volatile.Read(ref _stickiness);
        set => Volatile.Write(ref _stickiness, value);
    }

    /// <summary>The same for the same name, in every balancer.</summary>
    public ulong NameHash { get; }

    public SuspectWatch Suspects { get; }

    /// <summary>Its targets take any HTTP/2 request, so that nothing need be asked of one.</summary>
    public bool TakesAnyHttp2 { get; }

    /// <summary>Chooses otherwise from the next pick on; calls that run are not touched. Any thread.</summary>
    /// <param name="picker">The algorithm.</param>
    /// <param name="key">What its keys are, if it goes by keys.</param>
    public void Use(IPicker picker, HashKey? key = null) => Volatile.Write(ref _choice, new Choice(picker, key));

    /// <summary>The same, as configured. What was learned about targets stays, and so does an algorithm whose settings stay.</summary>
    /// <param name="settings">Which algorithm.</param>
    /// <param name="time">For those that learn.</param>
    /// <param name="random">Where chance begins.</param>
    public void Apply(AlgorithmSettings settings, TimeProvider time, Random random)
    {
        if (Volatile.Read(ref _choice).Settings != settings) Volatile.Write(ref _choice, new Choice(Pickers.Create(settings, time, random), HashKey.Of(settings), settings));
    }

    /// <summary>Somebody wants to know what becomes of attempts.</summary>
    public bool IsWatched => _outcomes.Length > 0 || Volatile.Read(ref _choice).Outcomes is not null;

    /// <summary>The headers of a target's response have come. Any thread.</summary>
    /// <param name="target">From there.</param>
    /// <param name="ticks">Of 100 ns, since the request's headers went.</param>
    public void OnFirstOctet(Target target, long ticks) => Volatile.Read(ref _choice).Latency?.OnFirstOctet(target, ticks);

    /// <summary><see cref="OnFirstOctet"/> is waited for.</summary>
    public bool IsTimed => Volatile.Read(ref _choice).Latency is not null;

    /// <summary>A target's response has ended. Any thread.</summary>
    /// <param name="target">From there.</param>
    /// <param name="trailers">Or the headers, of a response that is nothing else.</param>
    public void OnTrailers(Target target, HeaderList trailers)
    {
        if (Volatile.Read(ref _choice).Reports is { } watch && trailers.IndexOf("endpoint-load-metrics-bin"u8) is >= 0 and var at) watch.OnLoadReport(target, trailers.Value(at));
    }

    /// <summary>An attempt has ended. Any thread.</summary>
    public void OnOutcome(Target target, in CallOutcome outcome)
    {
        Volatile.Read(ref _choice).Outcomes?.OnOutcome(target, in outcome);
        foreach (var watch in _outcomes) watch.OnOutcome(target, in outcome);
    }

    /// <summary>An algorithm, and what it wants to be told of.</summary>
    private sealed class Choice(IPicker picker, HashKey? key, AlgorithmSettings? settings = null)
    {
        public IPicker Picker { get; } = picker;

        public HashKey? Key { get; } = key;

        public AlgorithmSettings? Settings { get; } = settings;

        public ILatencyWatch? Latency { get; } = picker as ILatencyWatch;

        public ILoadReportWatch? Reports { get; } = picker as ILoadReportWatch;

        public IOutcomeWatch? Outcomes { get; } = picker as IOutcomeWatch;
    }
}

/// <summary>A choice, and what it was made by.</summary>
internal sealed record PickExplanation(Target Target, PickNote Note);
