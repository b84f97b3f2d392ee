using Grpc.Core;
using Grpc.Net.Client;
using RouteGuide.Client.Cli;
using RouteGuide.Client.Terminal;
using Spectre.Console;

namespace RouteGuide.Client.Load;

/// <summary>Runs a load, shows how it goes, and sums it up: a live table on a terminal, a line a second elsewhere.</summary>
internal sealed class LoadRun(LoadSettings settings, ClientConsole console, TimeProvider time)
{
    private static readonly TimeSpan ShownEvery = TimeSpan.FromSeconds(1);

    public async Task<int> RunAsync(RunContext context)
    {
        var channels = new List<GrpcChannel>();
        try
        {
            for (var i = 0; i < settings.Connections; i++) channels.Add(context.Channels.Create(mayConnectAgain: false));
            var invokers = channels.ConvertAll(channel => channel.CreateCallInvoker());
            var call = await LoadCalls.FindAsync(settings, invokers[0], console.OpenInput, context.Stop);
            await ConnectAsync(call, invokers, context);
            return await MeasureAsync(call, invokers, context);
        }
        finally
        {
            foreach (var channel in channels) channel.Dispose();
        }
    }

    // One call on each connection that is not counted: handshakes are no part of what is measured, and who cannot be reached is told at once.
    private async Task ConnectAsync(LoadCall call, IReadOnlyList<CallInvoker> invokers, RunContext context)
    {
        await Parallel.ForEachAsync(invokers, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = context.Stop }, async (invoker, cancellationToken) =>
        {
            var deadline = settings.Timeout is { } timeout ? time.GetUtcNow().UtcDateTime + timeout : (DateTime?)null;
            await call.TryAsync(invoker, new CallOptions(settings.Headers, deadline, cancellationToken), problem => Failure.Unconnected(problem, context.Channels.Address) is not null);
        });
    }

    private async Task<int> MeasureAsync(LoadCall call, IReadOnlyList<CallInvoker> invokers, RunContext context)
    {
        var statistics = new LoadStatistics();
        var start = time.GetTimestamp();
        var running = new LoadGenerator(settings, call, invokers, statistics, time).RunAsync(context.Stop);
        await ShowAsync(running, statistics, start, context.Channels.Address);
        await running;
        var report = LoadReport.Of(settings, context.Channels.Address, statistics.Snapshot(), time.GetElapsedTime(start), context.Stop.IsCancellationRequested);
        await console.Output.WriteAsync(settings.Json ? report.ToJson() + "\n" : LoadSummary.Of(report));
        await console.Output.FlushAsync(CancellationToken.None);
        return report.Interrupted ? ExitCode.Interrupted : report.Failed > 0 ? ExitCode.CallFailed : ExitCode.Success;
    }

    private async Task ShowAsync(Task running, LoadStatistics statistics, long start, Uri address)
    {
        var moments = new Moments(statistics, start, time);
        if (!console.IsTerminal || settings.Json)
        {
            while (await Task.WhenAny(running, Task.Delay(ShownEvery, time)) != running) await console.Error.WriteLineAsync(moments.Next().Line());
            return;
        }

        var title = $"{settings.Method} at {address.GetLeftPart(UriPartial.Authority)}";
        var noColor = Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 };
        var terminal = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(console.Output),
            Ansi = AnsiSupport.Yes,
            ColorSystem = noColor ? ColorSystemSupport.NoColors : ColorSystemSupport.Standard,
        });
        await terminal.Live(moments.Next().Table(title)).StartAsync(async live =>
        {
            while (await Task.WhenAny(running, Task.Delay(ShownEvery, time)) != running) live.UpdateTarget(moments.Next().Table(title));
            live.UpdateTarget(moments.Next().Table(title));
        });
    }

    private sealed class Moments(LoadStatistics statistics, long start, TimeProvider time)
    {
        private LoadSnapshot _last = statistics.Snapshot();
        private TimeSpan _at;

        public LoadMoment Next()
        {
            var (elapsed, total) = (time.GetElapsedTime(start), statistics.Snapshot());
            var passed = elapsed - _at;
            var moment = new LoadMoment(elapsed, total, total.Latencies.Since(_last.Latencies), passed > TimeSpan.Zero ? (total.Calls - _last.Calls) / passed.TotalSeconds : 0);
            (_last, _at) = (total, elapsed);
            return moment;
        }
    }
}
