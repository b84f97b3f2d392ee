using Google.Protobuf.WellKnownTypes;
using Grpc.Testing;
using Xds.Data.Orca.V3;
using Xds.Service.Orca.V3;

namespace RouteGuide.Interop.Client;

/// <summary>The load that a server reports, with a call and out of band.</summary>
internal static class LoadCases
{
    private const string Trailer = "endpoint-load-metrics-bin";

    public static async Task PerCallAsync(TestRun run, CancellationToken cancellationToken)
    {
        var request = new SimpleRequest
        {
            OrcaPerQueryReport = new TestOrcaReport { CpuUtilization = 0.8210, MemoryUtilization = 0.5847, RequestCost = { ["cost"] = 3456.32 }, Utilization = { ["util"] = 0.30499 } },
        };
        using var call = run.Channel.Test.UnaryCallAsync(request, cancellationToken: cancellationToken);
        await call;
        var trailer = call.GetTrailers().GetValueBytes(Trailer) ?? throw new InteropFailureException($"There is no trailer '{Trailer}'.");
        Expect.Equal(
            new OrcaLoadReport { CpuUtilization = 0.8210, MemUtilization = 0.5847, RequestCost = { ["cost"] = 3456.32 }, Utilization = { ["util"] = 0.30499 } },
            OrcaLoadReport.Parser.ParseFrom(trailer),
            "the report of the call");
    }

    public static async Task OutOfBandAsync(TestRun run, CancellationToken cancellationToken)
    {
        using var reports = run.Channel.Loads.StreamCoreMetrics(
            new OrcaLoadReportRequest { ReportInterval = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(100)) }, cancellationToken: cancellationToken);
        using var call = run.Channel.Test.FullDuplexCall(cancellationToken: cancellationToken);
        foreach (var (cpu, memory, other) in ((double, double, double)[])[(0.8210, 0.5847, 0.30499), (0.29309, 0.2, 0.2039)])
        {
            await call.RequestStream.WriteAsync(
                new StreamingOutputCallRequest
                {
                    OrcaOobReport = new TestOrcaReport { CpuUtilization = cpu, MemoryUtilization = memory, Utilization = { ["util"] = other } },
                    ResponseParameters = { new ResponseParameters { Size = 1 } },
                },
                cancellationToken);
            Expect.Equal(true, await call.ResponseStream.MoveNext(cancellationToken), "whether the report is acknowledged");
            var expected = new OrcaLoadReport { CpuUtilization = cpu, MemUtilization = memory, Utilization = { ["util"] = other } };
            do Expect.Equal(true, await reports.ResponseStream.MoveNext(cancellationToken), "whether reports go on");
            while (!reports.ResponseStream.Current.Equals(expected));
        }

        await call.RequestStream.CompleteAsync();
        Expect.Equal(false, await call.ResponseStream.MoveNext(cancellationToken), "whether there are responses that nobody asked for");
    }
}
