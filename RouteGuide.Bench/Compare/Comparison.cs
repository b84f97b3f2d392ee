using RouteGuide.Bench.Cli;
using RouteGuide.Bench.Idle;
using RouteGuide.Bench.Measuring;
using RouteGuide.Bench.Processes;
using RouteGuide.Bench.Proxies;

namespace RouteGuide.Bench.Compare;

/// <summary>What is compared, and for how long.</summary>
internal sealed record ComparisonOptions
{
    public required IReadOnlyList<Scenario> Scenarios { get; init; }

    public required IReadOnlyList<ProxyKind> Proxies { get; init; }

    /// <summary>Length of a measured run, 1 to 60.</summary>
    public double Seconds { get; init; } = 4;

    /// <summary>Runs of each, 1 to 20; the median counts.</summary>
    public int Rounds { get; init; } = 3;

    /// <summary>Processors, and so workers or loops, of the proxy.</summary>
    public int Cores { get; init; } = 1;
}

/// <summary>
/// The comparison. 1: backends and proxies are started, each proxy on the same processor. 2: each is warmed up on each scenario.
/// 3: in rounds, every scenario goes through every proxy, one at a time, in an order that turns from round to round, so that what else the
/// machine does falls on all alike. 4: idle connections are measured on proxies started anew. 5: everything is ended.
/// </summary>
/// <param name="options">What and how long.</param>
/// <param name="progress">Is told what happens.</param>
internal sealed class Comparison(ComparisonOptions options, Action<string> progress)
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(30);

    private readonly Dictionary<(Scenario, ProxyKind), Cell> _cells = [];
    private readonly List<ProxySetupText> _setups = [];

    /// <summary>Runs it.</summary>
    /// <exception cref="BenchException">It cannot be run here.</exception>
    public async Task<Report.ComparisonReport> Run(CancellationToken cancellation)
    {
        var plan = CpuPlan.Create(CpuPlan.Allowed(), options.Cores);
        var generator = await H2Load.ReadVersion(cancellation);
        var memory = new DirectoryInfo("/dev/shm");
        var folder = Directory.CreateDirectory(Path.Combine(memory.Exists ? memory.FullName : Path.GetTempPath(), $"routeguide-bench-{Environment.ProcessId}")).FullName;
        using (var guard = new Guard(folder))
        {
            var certificate = ServerCertificate.Create(folder);
            await using var backends = await StartBackends(guard, plan, cancellation);
            var setup = new ProxySetup(folder, certificate, backends.Ports, plan.Proxy, guard);
            await Run(setup, new LoadRun(new H2Load(folder, plan.Load), options.Seconds), cancellation);
        }

        return Report.ComparisonReport.Create(options, plan, generator, _setups, [.. _cells.Values]);
    }

    private async Task Run(ProxySetup setup, LoadRun run, CancellationToken cancellation)
    {
        var running = new List<RunningProxy>();
        try
        {
            foreach (var kind in options.Proxies)
            {
                if (kind.Missing is { } missing)
                {
                    progress($"{kind.Name}: left out, {missing}");
                    continue;
                }

                var proxy = await kind.Start(setup, cancellation);
                running.Add(proxy);
                await run.UntilReady(proxy, cancellation);
                _setups.Add(new ProxySetupText(kind.Name, await kind.ReadVersion(cancellation), proxy.Settings));
                progress($"{kind.Name} {_setups[^1].Version}: started");
            }

            await RunLoads([.. options.Scenarios.Where(s => !s.IsIdle)], running, run, cancellation);
        }
        finally
        {
            foreach (var proxy in running) await proxy.DisposeAsync();
        }

        foreach (var scenario in options.Scenarios.Where(s => s.IsIdle)) await RunIdle(scenario, [.. running.Where(p => p.Process is not null).Select(p => p.Kind)], setup, run, cancellation);
    }

    private async Task RunLoads(IReadOnlyList<Scenario> scenarios, IReadOnlyList<RunningProxy> proxies, LoadRun run, CancellationToken cancellation)
    {
        foreach (var scenario in scenarios)
        {
            foreach (var proxy in proxies)
            {
                progress($"warming up: {scenario.Name}, {proxy.Kind.Name}");
                var cell = _cells[(scenario, proxy.Kind)] = new Cell(scenario, proxy.Kind);
                await cell.Try(() => run.WarmUp(scenario, proxy, cancellation), progress);
            }
        }

        for (var round = 0; round < options.Rounds; round++)
        {
            foreach (var scenario in scenarios)
            {
                for (var i = 0; i < proxies.Count; i++)
                {
                    var proxy = proxies[(i + round) % proxies.Count];
                    var cell = _cells[(scenario, proxy.Kind)];
                    if (cell.Failure is not null) continue;
                    await cell.Try(async () => cell.Samples.Add(await run.Measure(scenario, proxy, cancellation)), progress);
                    if (cell.Failure is null) progress($"round {round + 1} of {options.Rounds}: {cell.Last}");
                }
            }
        }
    }

    private async Task RunIdle(Scenario scenario, IReadOnlyList<ProxyKind> kinds, ProxySetup setup, LoadRun run, CancellationToken cancellation)
    {
        foreach (var kind in kinds) _cells[(scenario, kind)] = new Cell(scenario, kind);
        for (var round = 0; round < options.Rounds; round++)
        {
            for (var i = 0; i < kinds.Count; i++)
            {
                var cell = _cells[(scenario, kinds[(i + round) % kinds.Count])];
                if (cell.Failure is not null) continue;
                await using var proxy = await cell.Proxy.Start(setup, cancellation);
                await run.UntilReady(proxy, cancellation);
                await cell.Try(async () => cell.Samples.Add(await IdleRun.Measure(scenario, proxy, setup.Certificate, cancellation)), progress);
                if (cell.Failure is null) progress($"round {round + 1} of {options.Rounds}: {cell.Last}");
            }
        }
    }

    private static async Task<Backends> StartBackends(Guard guard, CpuPlan plan, CancellationToken cancellation)
    {
        // Compiled to the end at once: there is no time to get better in.
        var environment = new Dictionary<string, string?> { ["DOTNET_TieredCompilation"] = "0", ["DOTNET_TieredPGO"] = "0" };
        var process = ManagedProcess.Start(guard, plan.Load, "dotnet", ["exec", typeof(Comparison).Assembly.Location, BackendCommand.Name, "--count", "2"], environment);
        try
        {
            var ports = await process.WaitForLine(BackendCommand.Listening, StartPatience, cancellation);
            return new Backends(process, [.. ports.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)]);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    private sealed record Backends(ManagedProcess Process, IReadOnlyList<int> Ports) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => Process.DisposeAsync();
    }
}

/// <summary>How a proxy was started.</summary>
internal sealed record ProxySetupText(string Proxy, string Version, string Settings);
