using RouteGuide.Balancer.Control;
using RouteGuide.Balancer.Proxy;
using RouteGuide.Balancer.Proxy.Metering;
using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Routing.Rules;
using RouteGuide.Balancer.Telemetry.AccessLogs;
using RouteGuide.Balancer.Telemetry.Admin;
using RouteGuide.Balancer.Telemetry.Events;
using RouteGuide.Balancer.Telemetry.Metrics;

namespace RouteGuide.Balancer;

/// <summary>What people see of the balancer, composed: access log, metrics, and the pages of the admin port.</summary>
internal sealed class Observability : IDisposable
{
    private const string Name = "app/routeguide-balancer";

    private readonly BalancerMeter _meter = new();
    private readonly MetricCatalog _metrics;
    private readonly StatusJson _status;
    private ProxyEngine? _engine;
    private RunningConfiguration? _running;
    private LeaseBook? _leases;
    private Func<IReadOnlyList<ListenerInfo>>? _listeners;

    public Observability(BalancerSettings settings, TimeProvider time, EventHistory history, ILogger<AccessLog> logger)
    {
        Sampling.Apply(settings.Tracing);
        Log = new AccessLog(Name, settings.AccessLog, time, logger);
        Book = new MeterBook(time, settings.Metrics.MaxMethods, _meter.ResponseTime);
        _metrics = new MetricCatalog(Book, () => Groups, () => _engine?.Listeners ?? [], () => _engine?.TcpListeners ?? [], Log);
        _status = new StatusJson(Book, history, () => new StatusInfo(_listeners?.Invoke() ?? [], [.. Rules()], Groups, TakenOut));
        _meter.Observe(_metrics.Families);
        Pages = new AdminPages(_status, _metrics);
    }

    public AccessLog Log { get; }

    public MeterBook Book { get; }

    public TraceSampling Sampling { get; } = new();

    public AdminPages Pages { get; }

    public MetricCatalog Metrics => _metrics;

    private IReadOnlyList<ProxyGroup> Groups => _running?.All ?? [];

    /// <summary>What there is to see, as soon as it is there.</summary>
    public void Show(ProxyEngine engine, RunningConfiguration running, LeaseBook leases, Func<IReadOnlyList<ListenerInfo>> listeners) =>
        (_engine, _running, _leases, _listeners) = (engine, running, leases, listeners);

    /// <summary>Goes by other settings from now on.</summary>
    public void Apply(BalancerSettings settings)
    {
        Log.Apply(settings.AccessLog);
        Sampling.Apply(settings.Tracing);
    }

    /// <summary>On the admin port its pages, whatever they are; anything else goes on.</summary>
    public Task Handle(HttpContext context, RequestDelegate next) => context.Features.Get<AdminConnection>() is not null ? Pages.Handle(context) : next(context);

    public void Dispose()
    {
        Log.Dispose();
        _meter.Dispose();
    }

    // Those that drain still are among the targets.
    private IEnumerable<TakenOutInfo> TakenOut(TargetGroup group)
    {
        var present = group.Targets.Current.Entries.Select(e => e.Target.Name).ToHashSet();
        var members = _running?.KeeperOf(group)?.Members.TakenOut.Select(s => new TakenOutInfo(s.Address.Authority, s.Address, s.Weight, Leased: false)) ?? [];
        var leased = _leases?.TakenOut(group).Select(l => new TakenOutInfo(l.Target.Name, l.Target.Address, l.Target.Weight, Leased: true)) ?? [];
        return members.Concat(leased).Where(t => !present.Contains(t.Name));
    }

    private IEnumerable<RuleInfo> Rules() =>
        from listener in _engine?.Listeners ?? []
        from rule in listener.Routes.Rules
        select new RuleInfo(listener.Name, $"{rule.Rule}", rule.Rule.Words, Words(rule.Rule.Action));

    private static string Words(RuleAction action) => action switch
    {
        ForwardAction { Groups: [var only] } => $"forward to {only.Group.Name}",
        ForwardAction forward => $"forward to {string.Join(", ", forward.Groups.Select(g => $"{g.Group.Name} (weight {g.Weight})"))}",
        RedirectAction redirect => $"redirect, {redirect.Status}",
        FixedResponseAction answer => $"answer {answer.Status}",
        _ => throw new ArgumentOutOfRangeException(nameof(action), action, "It has no words."),
    };
}
