using System.Diagnostics;
using System.Globalization;
using Grpc.Core;

namespace RouteGuide.Interop.Client;

/// <summary>Many large unary calls, one after the other, over one channel or each over its own.</summary>
internal static class SoakCases
{
    public static Task RpcSoakAsync(TestRun run, CancellationToken cancellationToken) => SoakAsync(run, ownChannels: false, cancellationToken);

    public static Task ChannelSoakAsync(TestRun run, CancellationToken cancellationToken) => SoakAsync(run, ownChannels: true, cancellationToken);

    private static async Task SoakAsync(TestRun run, bool ownChannels, CancellationToken cancellationToken)
    {
        var soak = run.Settings.Soak;
        // The first call of a process waits for the code to be compiled; if it fails for another reason, so will those that count.
        await IterateAsync(run, ownChannels, cancellationToken);
        var latencies = new List<TimeSpan>();
        var failures = 0;
        var begun = Stopwatch.StartNew();
        var iteration = 0;
        for (; iteration < soak.Iterations && begun.Elapsed < soak.OverallTimeout; iteration++)
        {
            var paced = soak.Pause > TimeSpan.Zero ? Task.Delay(soak.Pause, cancellationToken) : Task.CompletedTask;
            var (problem, elapsed) = await IterateAsync(run, ownChannels, cancellationToken);
            latencies.Add(elapsed);
            if (problem is not null) failures++;
            await run.Output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"soak iteration: {iteration} elapsed_ms: {elapsed.TotalMilliseconds:0} server_uri: {run.Settings.Address.Authority} {problem ?? "succeeded"}"));
            await paced;
        }

        latencies.Sort();
        await run.Output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"soak: {iteration} of {soak.Iterations} iterations, {failures} failures of {soak.MaxFailures} allowed, median {At(0.5):0} ms, 90th percentile {At(0.9):0} ms, worst {At(1):0} ms"));
        if (iteration < soak.Iterations)
            throw new InteropFailureException($"The overall timeout of {soak.OverallTimeout.TotalSeconds:0} s passed after {iteration} of {soak.Iterations} iterations.");
        if (failures > soak.MaxFailures) throw new InteropFailureException($"{failures} iterations failed; {soak.MaxFailures} were allowed.");

        double At(double share) => latencies.Count == 0 ? 0 : latencies[(int)Math.Ceiling(share * latencies.Count) - 1].TotalMilliseconds;
    }

    private static async Task<(string? Problem, TimeSpan Elapsed)> IterateAsync(TestRun run, bool ownChannel, CancellationToken cancellationToken)
    {
        var soak = run.Settings.Soak;
        var call = Stopwatch.StartNew();
        try
        {
            using var own = ownChannel ? new ClientChannel(run.Settings) : null;
            var response = await (own ?? run.Channel).Test.UnaryCallAsync(UnaryCases.Request(soak.RequestSize, soak.ResponseSize), cancellationToken: cancellationToken);
            Expect.Zeros(soak.ResponseSize, response.Payload);
            return (call.Elapsed <= soak.AcceptableLatency ? null : $"failed: slower than {soak.AcceptableLatency.TotalMilliseconds:0} ms", call.Elapsed);
        }
        catch (RpcException e) when (!cancellationToken.IsCancellationRequested)
        {
            return ($"failed: {e.Status}", call.Elapsed);
        }
        catch (InteropFailureException e)
        {
            return ($"failed: {e.Message}", call.Elapsed);
        }
    }
}
