using System.Globalization;
using RouteGuide.Bench.Compare;
using RouteGuide.Bench.Processes;

namespace RouteGuide.Bench.Measuring;

/// <summary>Runs the load generator. A number of calls is given, not a time, so that what was sent and what succeeded can be compared exactly.</summary>
/// <param name="folder">For its files, best in memory.</param>
/// <param name="cpus">The processors that it runs on.</param>
internal sealed class H2Load(string folder, IReadOnlyList<int> cpus)
{
    private const string Program = "h2load";
    private const string Package = "nghttp2-client";

    // The path is the service's own; the backends answer by what the body asks for.
    private const string Path = "/routeguide.RouteGuide/GetFeature";

    private readonly string _log = System.IO.Path.Combine(folder, "times.tsv");
    private readonly string _taskset = Programs.Require("taskset", "util-linux");
    private readonly string _program = Programs.Require(Program, Package);

    /// <exception cref="BenchException">It is not installed.</exception>
    public static async Task<string> ReadVersion(CancellationToken cancellation) =>
        (await Programs.Run(Programs.Require(Program, Package), ["--version"], TimeSpan.FromSeconds(10), cancellation)).Output.Trim().Split('/')[^1];

    /// <summary>Makes so many calls.</summary>
    /// <param name="target">Where to.</param>
    /// <param name="scenario">On how many connections and streams, and of what shape.</param>
    /// <param name="calls">How many: a multiple of the connections.</param>
    /// <param name="isTimed">Whether the time of each call is wanted, which costs the generator a little.</param>
    /// <param name="patience">How long it may take.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <exception cref="LoadException">Not every call succeeded, or the run had no end.</exception>
    public async Task<(H2LoadReport Report, LatencyLog? Times)> Run(Uri target, Scenario scenario, long calls, bool isTimed, TimeSpan patience, CancellationToken cancellation)
    {
        var body = System.IO.Path.Combine(folder, $"{scenario.Name}.bin");
        if (!File.Exists(body)) await File.WriteAllBytesAsync(body, scenario.Request ?? scenario.Shape.ToRequest(), cancellation);
        File.Delete(_log);
        string[] arguments =
        [
            "-c", CpuPlan.Format(cpus), _program, "-t", "1", "-n", Number(calls), "-c", Number(scenario.Connections), "-m", Number(scenario.Streams), "-d", body,
            "-H", "content-type: application/grpc", "-H", "te: trailers",
            .. scenario.RatePerConnection is { } rate ? (string[])["--rps", Number(rate)] : [],
            .. isTimed ? (string[])["--log-file", _log] : [],
            new Uri(target, Path).ToString(),
        ];

        try
        {
            var (exit, output) = await Programs.Run(_taskset, arguments, patience, cancellation);
            if (exit != 0) throw new LoadException($"h2load ended with {exit}: {output.Trim()}");
            var report = H2LoadReport.Parse(output);
            if (report.Complaint(scenario.Shape.ResponseSize) is { } complaint) throw new LoadException(complaint);
            return (report, isTimed ? LatencyLog.Parse(await File.ReadAllBytesAsync(_log, cancellation)) : null);
        }
        catch (Exception e) when (e is FormatException or BenchException)
        {
            throw new LoadException(e.Message, e);
        }
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A run that counts for nothing, and why.</summary>
internal sealed class LoadException(string message, Exception? inner = null) : Exception(message, inner);
