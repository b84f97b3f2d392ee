using System.Globalization;
using RouteGuide.Bench.Backend;
using RouteGuide.Bench.Compare;
using RouteGuide.Bench.Measuring;
using RouteGuide.Bench.Processes;
using RouteGuide.Bench.Report;

namespace RouteGuide.Bench.Calls;

/// <summary>What is measured, and for how long.</summary>
/// <param name="Rows">Which rows.</param>
/// <param name="Seconds">Length of a measured run.</param>
/// <param name="Rounds">Runs of each; the median counts.</param>
internal sealed record CallOptions(IReadOnlyList<CallRow> Rows, double Seconds, int Rounds);

/// <summary>
/// The measurement of the gRPC runtime. 1: servers and clients are started, each a process of its own, what is measured on one processor
/// and what it talks to on another. 2: each row is warmed up until its calls get no cheaper. 3: in rounds, every row has its turn, in an order
/// that turns from round to round. 4: everything is ended.
/// </summary>
/// <param name="options">What and how long.</param>
/// <param name="progress">Is told what happens.</param>
internal sealed class CallRun(CallOptions options, Action<string> progress)
{
    // A process on one core gets cheaper in steps, with pauses between them.
    private const double WarmUpSeconds = 1;
    private const int LeastWarmUps = 6;
    private const int IdleWarmUps = 4;
    private const int MaxWarmUps = 40;

    // A server seems to be at its final cost several times before it is.
    private const long LeastServerCalls = 1_000_000;
    private const string Generator = "h2load";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private static readonly Scenario Load =
        new("grpc-unary-4x50", "4 connections × 50 streams, unary", Compare.Measure.CpuPerCall, 4, 50, CallShape.Unary, 1) { Request = CallMessages.UnaryRequest };

    // The garbage collector as programs of the kind have it, which this program has otherwise.
    private static readonly Dictionary<string, string?> ServerSettings = Settings(("DOTNET_gcServer", "1"), ("DOTNET_gcConcurrent", "1"));
    private static readonly Dictionary<string, string?> ClientSettings = Settings(("DOTNET_gcServer", "0"), ("DOTNET_gcConcurrent", "1"));

    private readonly List<Lane> _lanes = [];

    /// <exception cref="BenchException">It cannot be run here.</exception>
    public async Task<CallReport> Run(CancellationToken cancellation)
    {
        if (!OperatingSystem.IsLinux()) throw new BenchException("grpc runs on Linux only: processors are given out by taskset");
        var plan = CpuPlan.Create(CpuPlan.Allowed(), 1);
        var folder = Directory.CreateTempSubdirectory("routeguide-bench-").FullName;
        string? missing = null;
        using (var guard = new Guard(folder))
        await using (var processes = new Processes())
        {
            if (options.Rows.Any(r => r.Load is CallLoad.ServerUnary)) missing = await AddServers(guard, folder, plan, processes, cancellation);
            await AddClients(guard, plan, processes, cancellation);
            await WarmUp(cancellation);
            await Measure(cancellation);
        }

        return new CallReport(
            [.. _lanes.Select(l => l.ToResult())],
            $"Measured on {DateTime.UtcNow:yyyy-MM-dd}: {Machine.Describe()}; what is measured on processor {CpuPlan.Format(plan.Proxy)}, its peer on {CpuPlan.Format(plan.Load)}; "
            + string.Create(CultureInfo.InvariantCulture, $"median of {options.Rounds} runs of {options.Seconds:0} s."),
            missing);
    }

    // Returns why they are left out, or null.
    private async Task<string?> AddServers(Guard guard, string folder, CpuPlan plan, Processes processes, CancellationToken cancellation)
    {
        if (Programs.Find(Generator) is null) return $"the rows of servers are left out: '{Generator}' is not installed; on Debian: apt-get install nghttp2-client";
        var generator = new H2Load(folder, plan.Load);
        foreach (var row in options.Rows.Where(r => r.Load is CallLoad.ServerUnary))
        {
            var server = processes.Add(await StartServer(guard, plan.Proxy, row.Side is CallSide.Bare, cancellation));
            double rate = 0;
            _lanes.Add(new Lane(row, async seconds =>
            {
                var calls = Math.Max(1, (long)(rate * seconds / Load.Connections)) * Load.Connections;
                if (rate == 0) calls = 20L * Load.Connections * Load.Streams;
                var before = await Usage();
                var (report, _) = await generator.Run(new Uri(server.Greeting), Load, calls, isTimed: false, Patience, cancellation);
                rate = report.CallsPerSecond;
                return new Cost(calls, await Usage() - before);
            }));

            async Task<ProcessUsage> Usage() => ProcessUsage.Parse(await server.Ask("", CallServer.Used, Patience, cancellation));
        }

        return null;
    }

    private async Task AddClients(Guard guard, CpuPlan plan, Processes processes, CancellationToken cancellation)
    {
        var sides = options.Rows.Where(r => r.Load is not CallLoad.ServerUnary).GroupBy(r => r.Side).ToList();
        if (sides.Count == 0) return;
        var server = processes.Add(await StartServer(guard, plan.Load, isBare: false, cancellation));
        foreach (var side in sides)
        {
            string[] transport = side.Key is CallSide.SocketsClient ? ["--sockets"] : [];
            var client = processes.Add(await CallProcess.Start(
                guard, plan.Proxy, [Cli.GrpcCommand.Client, "--address", server.Greeting, .. transport], ClientSettings, CallClient.Ready, cancellation));
            foreach (var row in side)
            {
                _lanes.Add(new Lane(row, async seconds =>
                {
                    var answer = await client.Ask($"{row.Load} {(int)(seconds * 1000)}", CallClient.Result, Patience, cancellation);
                    return answer.StartsWith(CallClient.Failure, StringComparison.Ordinal) ? throw new LoadException(answer) : Cost.Parse(answer);
                }));
            }
        }
    }

    private static Task<CallProcess> StartServer(Guard guard, IReadOnlyList<int> cpus, bool isBare, CancellationToken cancellation) =>
        CallProcess.Start(guard, cpus, [Cli.GrpcCommand.Server, .. isBare ? (string[])["--bare"] : []], ServerSettings, CallServer.Ready, cancellation);

    private async Task WarmUp(CancellationToken cancellation)
    {
        foreach (var lane in _lanes)
        {
            progress($"warming up: {lane.Row.Name}");
            var leastCalls = lane.Row.Load is CallLoad.ServerUnary ? LeastServerCalls : 0;
            await lane.Try(progress, async measure =>
            {
                var best = double.MaxValue;
                var idle = 0;
                long calls = 0;
                for (var run = 0; run < MaxWarmUps && (idle < IdleWarmUps || run < LeastWarmUps || calls < leastCalls); run++)
                {
                    cancellation.ThrowIfCancellationRequested();
                    var cost = await measure(WarmUpSeconds);
                    calls += cost.Calls;
                    var micros = cost.Micros;
                    idle = micros < best * 0.97 ? 0 : idle + 1;
                    best = Math.Min(best, micros);
                }
            });
        }
    }

    private async Task Measure(CancellationToken cancellation)
    {
        for (var round = 0; round < options.Rounds; round++)
        {
            for (var i = 0; i < _lanes.Count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                var lane = _lanes[(i + round) % _lanes.Count];
                await lane.Try(progress, async measure =>
                {
                    var cost = await measure(options.Seconds);
                    lane.Costs.Add(cost);
                    progress(string.Create(CultureInfo.InvariantCulture, $"round {round + 1} of {options.Rounds}: {lane.Row.Name}: {cost.Micros:0.00} µs CPU, {cost.Bytes:N0} B"));
                });
            }
        }
    }

    private static Dictionary<string, string?> Settings(params (string Name, string Value)[] own)
    {
        // Told of one processor only, a process would compile its hot code ten times later.
        var settings = new Dictionary<string, string?> { ["DOTNET_PROCESSOR_COUNT"] = "2" };
        foreach (var (name, value) in own) settings[name] = value;
        Proxies.OwnBalancer.RemoveForeign(settings);
        return settings;
    }

    /// <summary>One row, how it is measured, and what came of it.</summary>
    private sealed class Lane(CallRow row, Func<double, Task<Cost>> measure)
    {
        private string? _failure;

        public CallRow Row => row;

        public List<Cost> Costs { get; } = [];

        /// <summary>Runs, and keeps the reason if the row counts for nothing: one failed call is enough.</summary>
        public async Task Try(Action<string> progress, Func<Func<double, Task<Cost>>, Task> run)
        {
            if (_failure is not null) return;
            try
            {
                await run(measure);
            }
            catch (Exception exception) when (exception is LoadException or BenchException or FormatException)
            {
                _failure = exception.Message;
                progress($"{row.Name}: FAILED, {_failure}");
            }
        }

        public CallResult ToResult() => _failure is null
            ? new CallResult(row, Ratios.Median([.. Costs.Select(c => c.Micros)]), Ratios.Median([.. Costs.Select(c => c.Bytes)]), null)
            : new CallResult(row, null, null, _failure);
    }

    /// <summary>What was started, to be ended in the opposite order.</summary>
    private sealed class Processes : IAsyncDisposable
    {
        private readonly Stack<CallProcess> _all = [];

        public CallProcess Add(CallProcess process)
        {
            _all.Push(process);
            return process;
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var process in _all) await process.DisposeAsync();
        }
    }
}
