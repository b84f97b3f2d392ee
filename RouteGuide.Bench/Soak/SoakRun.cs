using System.Diagnostics;
using RouteGuide.Bench.Processes;
using RouteGuide.Bench.Proxies;
using Spectre.Console;

namespace RouteGuide.Bench.Soak;

/// <summary>Mixed load for a long time, with an eye on memory.</summary>
/// <param name="console">A line a minute goes there.</param>
internal sealed class SoakRun(IAnsiConsole console)
{
    private const double MiB = 1024 * 1024;

    private static readonly TimeSpan SampleEvery = TimeSpan.FromSeconds(10);

    // Of the whole time: pools fill, methods are compiled anew, the table of the heap finds its size.
    private const double WarmUp = 0.3;

    /// <summary>Runs it.</summary>
    /// <returns>True if memory was flat after the warm-up and every call ended as it should.</returns>
    public async Task<bool> Run(TimeSpan length, int callers, int seed, CancellationToken cancellation)
    {
        var folder = Directory.CreateTempSubdirectory("routeguide-soak-").FullName;
        using var guard = new Guard(folder);
        var certificate = ServerCertificate.Create(folder);
        await using var targets = await SoakTargets.Start(2);
        await using var balancer = await SoakBalancer.Start(
            guard,
            [
                "--urls=https://127.0.0.1:0", "--Logging:LogLevel:Default=Warning",
                $"--Kestrel:Certificates:Default:Path={certificate.CertificateFile}", $"--Kestrel:Certificates:Default:KeyPath={certificate.KeyFile}",
                "--Balancer:MaxConnectionAge=30", "--Balancer:MaxRequestsPerConnection=5000",
                .. targets.Urls.Select((url, i) => $"--Balancer:Targets:{i}={url}"),
            ],
            cancellation);

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var load = new SoakLoad(balancer.Tls, seed);
        var running = load.Run(callers, stop.Token);
        var (resident, heap) = (new Trend(), new Trend());
        console.WriteLine($"{length.TotalMinutes:0.#} minutes, {callers} callers, seed {seed}; the first {WarmUp:P0} are warm-up");
        console.WriteLine("minute     calls   calls/s  resident MiB  heap MiB  unexpected");
        var watch = Stopwatch.StartNew();
        try
        {
            await Watch(balancer, load, watch, length, resident, heap, cancellation);
        }
        finally
        {
            await stop.CancelAsync();
            await running;
        }

        return Judge(load, resident, heap);
    }

    private async Task Watch(SoakBalancer balancer, SoakLoad load, Stopwatch watch, TimeSpan length, Trend resident, Trend heap, CancellationToken cancellation)
    {
        var (printed, before) = (0L, 0L);
        for (var number = 1; watch.Elapsed < length; number++)
        {
            await Task.Delay(SampleEvery, cancellation);
            if (balancer.HasExited) throw new BenchException($"the balancer has ended:\n{balancer.Transcript}");
            var (residentNow, heapNow) = await balancer.Measure(number, cancellation);
            var minutes = watch.Elapsed.TotalMinutes;
            if (watch.Elapsed > length * WarmUp)
            {
                resident.Add(minutes, residentNow / MiB);
                heap.Add(minutes, heapNow / MiB);
            }

            if ((long)minutes <= printed && watch.Elapsed < length) continue;
            var calls = load.Calls;
            console.WriteLine($"{minutes,6:0.0} {calls,9} {(calls - before) / Math.Max(1, (minutes - printed) * 60),9:0} {residentNow / MiB,13:0.0} {heapNow / MiB,9:0.0} {load.Unexpected,11}");
            (printed, before) = ((long)minutes, calls);
        }
    }

    private bool Judge(SoakLoad load, Trend resident, Trend heap)
    {
        var good = true;
        foreach (var (name, trend, share, noise) in ((string, Trend, double, double)[])[("resident memory", resident, 0.10, 16), ("the managed heap", heap, 0.10, 4)])
        {
            var flat = trend.IsFlat(share, noise);
            console.WriteLine($"{name}: {trend.Mean:0.0} MiB on average, {trend.Slope * 1024:+0;-0;0} KiB a minute, {trend.Growth:+0.0;-0.0;0.0} MiB over {trend.Count} samples: {(flat ? "flat" : "NOT FLAT")}");
            good &= flat;
        }

        console.WriteLine($"{load.Calls} calls, {load.Unexpected} of them ended otherwise than they should");
        foreach (var error in load.Errors) console.WriteLine($"  {error}");
        return good && load.Unexpected == 0 && load.Calls > 0;
    }
}
