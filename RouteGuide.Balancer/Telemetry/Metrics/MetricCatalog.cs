using RouteGuide.Balancer.Proxy;
using RouteGuide.Balancer.Proxy.Metering;
using RouteGuide.Balancer.Proxy.Tcp;
using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Routing.Metering;
using RouteGuide.Balancer.Telemetry.AccessLogs;

namespace RouteGuide.Balancer.Telemetry.Metrics;

/// <summary>All metrics of the balancer. docs/observability.md lists them; a test compares.</summary>
/// <param name="book">What the loops have counted.</param>
/// <param name="all">The target groups as of now.</param>
/// <param name="listeners">The listeners as of now.</param>
/// <param name="log">Counts its lines itself.</param>
/// <param name="tcp">Those in TCP mode as of now, by their names.</param>
internal sealed class MetricCatalog(MeterBook book, Func<IReadOnlyList<ProxyGroup>> all, Func<IReadOnlyList<ProxyListener>> listeners, Func<IReadOnlyList<(string Listener, TcpCounters Counters)>> tcp, AccessLog log)
{
    private const string Prefix = "routeguide.balancer.";

    // At the place of their codes.
    private static readonly string[] StatusNames =
    [
        "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
    ];

    private static readonly string[] OutcomeNames = [.. Enum.GetNames<OutcomeKind>().Select(SnakeCase)];

    public IReadOnlyList<MetricFamily> Families => field ??= [.. Calls(), .. OfGroups(), .. OfTargets(), .. Connections(), .. OfTcp(), .. Own()];

    private IEnumerable<MetricFamily> Calls()
    {
        yield return Counter("requests", "{request}", "calls for which a target was chosen, when they have ended", ["target_group", "type"], to =>
        {
            foreach (var group in Groups())
            {
                foreach (var type in Enum.GetValues<CallType>()) to.AddIfAny(group.Counts.Sum(c => c.Calls[(int)type]), group.Name, type.Name());
            }
        });
        yield return Counter("calls", "{call}", "calls that have ended, by who ended them and why", ["response_flags"], to =>
        {
            foreach (var end in Enum.GetValues<ExchangeEnd>()) to.AddIfAny(book.Sum(l => l.ByEnd[(int)end]), ResponseFlags.Of(end));
        });
        yield return Counter("local.responses", "{response}", "answers of the balancer's own, by the HTTP code that they have, or would have if they were not gRPC", ["code", "response_flags"], to =>
        {
            for (var code = 0; code < LoopMeter.LocalCodes.Length; code++)
            {
                var name = LoopMeter.LocalCodes[code] is > 0 and var number ? $"{number}" : "other";
                foreach (var end in Enum.GetValues<ExchangeEnd>()) to.AddIfAny(book.Sum(l => l.Local(end, code)), name, ResponseFlags.Of(end));
            }
        });
        yield return Counter("grpc.calls", "{call}", "gRPC calls by their status; methods beyond the first so many are `other`", ["service", "method", "grpc_status"], to =>
        {
            foreach (var method in Methods())
            {
                for (var status = 0; status < StatusNames.Length; status++) to.AddIfAny(method.Counts.Sum(c => c.Statuses[status]), method.Service, method.Method, StatusNames[status]);
            }
        });
        yield return Counter("grpc.call.time", "s", "time of all gRPC calls together, each from its headers to its end", ["service", "method"], to =>
        {
            foreach (var method in Methods()) to.AddIfAny(method.Counts.Sum(c => c.Microseconds) / 1e6, method.Service, method.Method);
        });
        yield return Counter("rule.evaluations", "{evaluation}", "rules that were asked whether they fit; a kind of request that one client repeats is asked about once", [], to => to.Add(book.Sum(l => l.RuleEvaluations)));
    }

    private IEnumerable<MetricFamily> OfGroups()
    {
        yield return Histogram("target.response.time", "from the request's headers that go to a target to the headers of its response", c => c.TargetResponse);
        yield return Histogram("call.time", "from the client's headers to the end of the call, where a target was chosen", c => c.Call);
        yield return Counter("target.responses", "{response}", "responses of targets by the class of their HTTP code", ["target_group", "class"], to =>
        {
            foreach (var group in Groups())
            {
                for (var digit = 1; digit <= 5; digit++) to.AddIfAny(group.Counts.Sum(c => c.Responses[digit]), group.Name, $"{digit}xx");
            }
        });
        yield return OfGroup("retries", "{attempt}", "attempts beyond the first of their call", c => c.Retries);
        yield return OfGroup("hedges", "{attempt}", "of these, attempts that were begun while an earlier one of their call ran", c => c.Hedges);
        yield return OfGroup("target.connections", "{connection}", "connections to targets of HTTP/2 that were made, with TLS and SETTINGS", c => c.Connections);
        yield return OfGroup("target.connection.errors", "{error}", "connections to targets that could not be made, TLS included", c => c.ConnectionErrors);
        yield return OfGroup("target.tls.errors", "{error}", "of these, TLS that failed", c => c.TlsErrors);
        yield return Gauge("queue.length", "{call}", "calls that wait until a target has room", ["target_group"], to =>
        {
            foreach (var group in all()) to.Add(group.Queue.Count, group.Group.Name);
        });
        yield return Counter("ejections", "{ejection}", "times that a target was ejected, as what became of its calls spoke against it", ["target_group"], to =>
        {
            foreach (var group in Groups()) to.Add(group.Targets.Ejections, group.Name);
        });
        yield return Gauge("targets", "{target}", "targets by their state", ["target_group", "state"], to =>
        {
            foreach (var group in Groups())
            {
                var states = group.Targets.Current.Entries.Select(e => TargetHealthDescription.Of(e).State).ToList();
                foreach (var state in Enum.GetValues<HealthState>()) to.Add(states.Count(s => s == state), group.Name, state.Name());
            }
        });
    }

    private IEnumerable<MetricFamily> OfTargets()
    {
        yield return OfTarget(MetricKind.Gauge, "target.in_flight", "{call}", "calls that run at a target", t => t.InFlight);
        yield return OfTarget(MetricKind.Counter, "target.picks", "{call}", "times that a target was chosen, since it was registered", t => t.Total);
        yield return OfTarget(MetricKind.Counter, "target.failures", "{attempt}", "answers of a target that were no success: gRPC with a status other than OK, else HTTP from 500 up", t => t.Counts.Sum(c => c.Failures));
        yield return Counter("target.attempts", "{attempt}", "attempts at a target by how they ended", ["target_group", "target", "outcome"], to =>
        {
            foreach (var (group, target) in Targets())
            {
                for (var kind = 0; kind < OutcomeNames.Length; kind++) to.AddIfAny(target.Counts.Sum(c => c.Outcomes[kind]), group.Name, target.Name, OutcomeNames[kind]);
            }
        });
    }

    private IEnumerable<MetricFamily> Connections()
    {
        yield return Gauge("connections.active", "{connection}", "client connections that are open", [], to => to.Add(book.OpenConnections));
        yield return Counter("connections", "{connection}", "client connections that were taken", [], to => to.Add(book.AcceptedConnections));
        yield return Counter("connections.rejected", "{connection}", "client connections that were closed as they came, as there are too many", [], to => to.Add(book.RejectedConnections));
        yield return Counter("connections.denied", "{connection}", "client connections that were closed as they came, as the source list of their listener has it", ["listener"], to =>
        {
            foreach (var listener in listeners()) to.Add(listener.Denied, listener.Name);
        });
        yield return Counter("client.tls.errors", "{error}", "handshakes with clients that failed", [], to => to.Add(book.ClientTlsErrors));
        yield return Counter("processed", "By", "octets from and to clients, without TLS", ["direction"], to =>
        {
            to.Add(book.Sum(l => l.ReceivedOctets), "received");
            to.Add(book.Sum(l => l.SentOctets), "sent");
        });
    }

    private IEnumerable<MetricFamily> OfTcp()
    {
        yield return Gauge("tcp.connections.active", "{connection}", "connections of listeners in TCP mode that are open", ["listener"], to =>
        {
            foreach (var (listener, counters) in tcp()) to.Add(counters.Active, listener);
        });
        yield return Counter("tcp.connections", "{connection}", "connections of listeners in TCP mode that have ended, by how", ["listener", "ending"], to =>
        {
            foreach (var (listener, counters) in tcp())
            {
                foreach (var ending in Enum.GetValues<TcpEnding>()) to.AddIfAny(counters.Ended(ending), listener, SnakeCase($"{ending}"));
            }
        });
        yield return Counter("tcp.connect.errors", "{error}", "targets that could not be connected to for listeners in TCP mode", ["listener"], to =>
        {
            foreach (var (listener, counters) in tcp()) to.Add(counters.ConnectFailures, listener);
        });
        yield return Counter("tcp.processed", "By", "octets that listeners in TCP mode have passed on, by who sent them", ["listener", "direction"], to =>
        {
            foreach (var (listener, counters) in tcp())
            {
                to.Add(counters.FromClients, listener, "received");
                to.Add(counters.FromTargets, listener, "sent");
            }
        });
    }

    private IEnumerable<MetricFamily> Own()
    {
        yield return Counter("access_log.lines", "{line}", "lines of the access log that were written", [], to => to.Add(log.Written));
        yield return Counter("access_log.lost", "{line}", "calls that should have a line in the access log and have none", [], to => to.Add(log.Lost));
    }

    private IEnumerable<MethodMeter> Methods() => book.Methods.Named.Append(book.Methods.Other);

    private IEnumerable<TargetGroup> Groups() => all().Select(g => g.Group);

    private IEnumerable<(TargetGroup Group, Target Target)> Targets() => from g in Groups() from e in g.Targets.Current.Entries select (g, e.Target);

    private static MetricFamily Counter(string name, string unit, string help, string[] labels, Action<Samples> collect) => new(Prefix + name, MetricKind.Counter, unit, help, labels, collect);

    private static MetricFamily Gauge(string name, string unit, string help, string[] labels, Action<Samples> collect) => new(Prefix + name, MetricKind.Gauge, unit, help, labels, collect);

    private MetricFamily OfGroup(string name, string unit, string help, Func<GroupCounts, long> number) => Counter(name, unit, help, ["target_group"], to =>
    {
        foreach (var group in Groups()) to.Add(group.Counts.Sum(number), group.Name);
    });

    private MetricFamily OfTarget(MetricKind kind, string name, string unit, string help, Func<Target, long> number) => new(Prefix + name, kind, unit, help, ["target_group", "target"], to =>
    {
        foreach (var (group, target) in Targets()) to.Add(number(target), group.Name, target.Name);
    });

    private MetricFamily Histogram(string name, string help, Func<GroupCounts, DurationCounts> counts) => new(Prefix + name, MetricKind.Histogram, "s", help, ["target_group"], to =>
    {
        foreach (var group in Groups())
        {
            var sums = new long[DurationCounts.Bounds.Length + 1];
            var total = 0L;
            foreach (var part in group.Counts.All.Select(counts))
            {
                for (var i = 0; i < sums.Length; i++) sums[i] += part.Counts[i];
                total += part.Sum;
            }

            to.Histograms.Add(new HistogramSample(sums, total / 1e6, [group.Name]));
        }
    });

    private static string SnakeCase(string name) => string.Concat(name.Select((c, i) => char.IsUpper(c) ? (i > 0 ? "_" : "") + char.ToLowerInvariant(c) : $"{c}"));
}
