using System.CommandLine;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using RouteGuide.Bench.Micro;

namespace RouteGuide.Bench.Cli;

/// <summary><c>micro</c>: BenchmarkDotNet over the hot types.</summary>
internal static class MicroCommand
{
    public static Command Create()
    {
        var filter = new Argument<string>("filter") { Description = "Which, for example '*Hpack*'.", DefaultValueFactory = _ => "*" };
        var quick = new Option<bool>("--quick") { Description = "Few and short runs: to see whether a change matters at all." };
        var command = new Command("micro", "Benchmarks of the engine's parts: header compression, frames, the relay in memory, the choice of a target.") { filter, quick };
        command.SetAction(parsed =>
        {
            var artifacts = Path.Combine(Path.GetTempPath(), "routeguide-bench-micro");
            // In this process: it is built as it is, and needs no project of its own.
            var job = (parsed.GetValue(quick) ? Job.ShortRun : Job.Default).WithToolchain(InProcessEmitToolchain.Instance);
            var config = ManualConfig.Create(DefaultConfig.Instance).AddJob(job).AddDiagnoser(MemoryDiagnoser.Default).WithArtifactsPath(artifacts);
            var summaries = BenchmarkSwitcher
                .FromTypes([typeof(HpackBenchmarks), typeof(FrameBenchmarks), typeof(RelayBenchmarks), typeof(PickBenchmarks)])
                .Run(["--filter", parsed.GetRequiredValue(filter)], config)
                .ToList();
            return summaries.Count > 0 && summaries.TrueForAll(s => !s.HasCriticalValidationErrors && s.Reports.All(r => r.Success)) ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }
}
