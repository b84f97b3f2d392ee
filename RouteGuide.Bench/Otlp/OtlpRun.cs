using System.Diagnostics;
using System.Net.Http.Json;
using System.Reflection;
using System.Text.Json;
using Grpc.Core;
using Grpc.Net.Client;
using RouteGuide.Bench.Measuring;
using RouteGuide.Bench.Processes;
using Spectre.Console;

namespace RouteGuide.Bench.Otlp;

/// <summary>Sends spans to a dashboard at a rate, and looks at what that costs it and at what it keeps.</summary>
/// <param name="console">Where the results go.</param>
internal sealed class OtlpRun(IAnsiConsole console)
{
    private const string Key = "bench";
    private const int Senders = 2;
    // The caps of the dashboard's telemetry, 416 MiB, and room for a runtime that is busy.
    private const double MaxResidentMegabytes = 900;
    private const int MaxTraces = 10_000;
    private const double LeastShare = 0.99;
    private static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(3);

    /// <returns>Whether the rate was held, and the caps.</returns>
    public async Task<bool> Run(int rate, TimeSpan length, CancellationToken cancellation)
    {
        var home = Directory.CreateTempSubdirectory("routeguide-bench").FullName;
        using var guard = new Guard(home);
        await using var dashboard = ManagedProcess.Start(guard, home, "dotnet", ["exec", Assembly()], new Dictionary<string, string?>
        {
            ["ASPNETCORE_URLS"] = "http://127.0.0.1:0",
            ["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = "http://127.0.0.1:0",
            ["DASHBOARD__FRONTEND__AUTHMODE"] = "Unsecured",
            ["DASHBOARD__OTLP__PRIMARYAPIKEY"] = Key,
            ["ROUTEGUIDE_HOME"] = home,
        });
        var pages = new Uri(await dashboard.WaitForLine("Now listening on: ", StartPatience, cancellation));
        var otlp = new Uri(await dashboard.WaitForLine("OTLP/gRPC listening on: ", StartPatience, cancellation));
        using var http = new HttpClient { BaseAddress = pages };

        console.WriteLine($"{rate:N0} spans/s for {length.TotalSeconds:0} s, in messages of {SpanBatch.Spans}, from {Senders} senders over gRPC");
        var before = ProcessTree.Read(dashboard.Id);
        var started = Stopwatch.GetTimestamp();
        var sending = Task.WhenAll(Enumerable.Range(1, Senders).Select(sender => Send(otlp, (ulong)sender, (double)rate / Senders, length, cancellation)));
        var (peak, traces) = (0.0, 0L);
        while (!sending.IsCompleted)
        {
            await Task.WhenAny(sending, Task.Delay(TimeSpan.FromSeconds(1), cancellation));
            peak = Math.Max(peak, ProcessTree.Read(dashboard.Id).ResidentBytes / 1048576.0);
            traces = Math.Max(traces, await Traces(http, cancellation));
        }

        var sent = (await sending).Sum();
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var cpu = (ProcessTree.Read(dashboard.Id).CpuSeconds - before.CpuSeconds) / seconds;
        var held = sent / seconds >= rate * LeastShare;
        var bounded = traces <= MaxTraces && peak <= MaxResidentMegabytes;
        console.WriteLine($"taken       {sent / seconds:N0} spans/s, {sent:N0} in all{(held ? "" : $"; that is less than {LeastShare:P0} of what was asked for")}");
        console.WriteLine($"processor   {cpu:0.00} of {Environment.ProcessorCount}");
        console.WriteLine($"memory      {peak:N0} MiB at most, of {MaxResidentMegabytes:N0} MiB");
        console.WriteLine($"kept        {traces:N0} traces at most, of {MaxTraces:N0}");
        return held && bounded;
    }

    private static string Assembly() => typeof(OtlpRun).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "DashboardAssembly").Value is { } path && File.Exists(path)
        ? path
        : throw new BenchException("the dashboard is not built: run 'dotnet build' first");

    // Each message at its time; what could not be sent in time is sent as soon as it can be.
    private static async Task<long> Send(Uri address, ulong sender, double rate, TimeSpan length, CancellationToken cancellation)
    {
        var bytes = Marshallers.Create(value => value, value => value);
        var export = new Method<byte[], byte[]>(MethodType.Unary, "opentelemetry.proto.collector.trace.v1.TraceService", "Export", bytes, bytes);
        using var channel = GrpcChannel.ForAddress(address);
        var calls = channel.CreateCallInvoker();
        var batch = new SpanBatch(sender, DateTimeOffset.UtcNow);
        var headers = new Metadata { { "x-otlp-api-key", Key } };
        var clock = Stopwatch.StartNew();
        long sent = 0;
        while (clock.Elapsed < length)
        {
            var ahead = TimeSpan.FromSeconds(sent / rate) - clock.Elapsed;
            if (ahead > TimeSpan.FromMilliseconds(1)) await Task.Delay(ahead, cancellation);
            await calls.AsyncUnaryCall(export, null, new CallOptions(headers, cancellationToken: cancellation), batch.Next());
            sent += SpanBatch.Spans;
        }

        return sent;
    }

    private static async Task<long> Traces(HttpClient http, CancellationToken cancellation) =>
        (await http.GetFromJsonAsync<JsonElement>("/api/telemetry", cancellation)).GetProperty("totals").GetProperty("traces").GetInt64();
}
