using Google.Protobuf;
using Grpc.Core;
using Grpc.Testing;
using Xds.Data.Orca.V3;
using Xds.Service.Orca.V3;

namespace RouteGuide.Interop.Server;

/// <summary>The load that clients make this server report: with one call, or out of band for as long as a stream is open.</summary>
internal sealed class LoadReports : OpenRcaService.OpenRcaServiceBase, IDisposable
{
    /// <summary>The trailer that carries the report of a call.</summary>
    public const string Trailer = "endpoint-load-metrics-bin";

    private static readonly TimeSpan LeastInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestInterval = TimeSpan.FromHours(1);

    // One stream at a time says what is reported out of band; another waits for its end.
    private readonly SemaphoreSlim _turn = new(1);
    private volatile OrcaLoadReport _outOfBand = new();

    /// <summary>Reports a load with a call, if there is one to report.</summary>
    public static void Tell(ServerCallContext context, TestOrcaReport? report)
    {
        if (report is not null) context.ResponseTrailers.Add(Trailer, Read(report).ToByteArray());
    }

    /// <summary>Waits for the turn to say what is reported out of band. Disposing the turn gives it on, and nothing is reported any more.</summary>
    public async Task<Turn> TakeAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        return new Turn(this);
    }

    public override async Task StreamCoreMetrics(OrcaLoadReportRequest request, IServerStreamWriter<OrcaLoadReport> responseStream, ServerCallContext context)
    {
        // Not by way of TimeSpan: what a caller sends may be beyond it.
        var asked = request.ReportInterval is { } duration ? duration.Seconds + duration.Nanos / 1e9 : 0;
        var interval = TimeSpan.FromSeconds(Math.Clamp(asked, LeastInterval.TotalSeconds, LongestInterval.TotalSeconds));
        while (true)
        {
            await responseStream.WriteAsync(_outOfBand, context.CancellationToken);
            await Task.Delay(interval, context.CancellationToken);
        }
    }

    public void Dispose() => _turn.Dispose();

    private static OrcaLoadReport Read(TestOrcaReport report) => new()
    {
        CpuUtilization = report.CpuUtilization,
        MemUtilization = report.MemoryUtilization,
        RequestCost = { report.RequestCost },
        Utilization = { report.Utilization },
    };

    /// <summary>The turn of one stream.</summary>
    internal sealed class Turn(LoadReports reports) : IDisposable
    {
        /// <summary>Reports this from now on. Costs belong to calls and are left out.</summary>
        public void Report(TestOrcaReport report)
        {
            var read = Read(report);
            read.RequestCost.Clear();
            reports._outOfBand = read;
        }

        public void Dispose()
        {
            reports._outOfBand = new OrcaLoadReport();
            reports._turn.Release();
        }
    }
}
