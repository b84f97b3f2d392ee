using Google.Protobuf;
using Grpc.Internal;

namespace Grpc.Net.Client.Internal.Balancing;

/// <summary>Hears of the load that a server reports with an answer.</summary>
internal interface ILoadListener
{
    void OnLoad(in OrcaLoad load);
}

/// <summary>What a server says of its load: the parts of <c>xds.data.orca.v3.OrcaLoadReport</c> that balancing needs.</summary>
/// <param name="CpuUtilization">The share of the processors that is used; more than 1 is overload.</param>
/// <param name="ApplicationUtilization">The share of what the application can take, by its own measure.</param>
/// <param name="CallsPerSecond">Calls that the server takes.</param>
/// <param name="ErrorsPerSecond">Calls that fail there.</param>
internal readonly record struct OrcaLoad(double CpuUtilization, double ApplicationUtilization, double CallsPerSecond, double ErrorsPerSecond)
{
    private const string Trailer = "endpoint-load-metrics-bin";
    private const int LongestReport = 64 * 1024;

    /// <summary>Reads the report among trailers; false if there is none that can be read.</summary>
    public static bool TryRead(in ResponseFields trailers, out OrcaLoad load)
    {
        load = default;
        if (trailers.Find(Trailer) is not { Length: > 0 and < LongestReport } text) return false;
        try
        {
            load = Parse(BinaryHeader.Decode(text));
            return true;
        }
        catch (Exception e) when (e is FormatException or InvalidProtocolBufferException)
        {
            // A broken report is no report: the call itself is not worse for it.
            return false;
        }
    }

    private static OrcaLoad Parse(byte[] report)
    {
        double cpu = 0, application = 0, calls = 0, errors = 0;
        using var input = new CodedInputStream(report);
        for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 1 when WireFormat.GetTagWireType(tag) == WireFormat.WireType.Fixed64: cpu = input.ReadDouble(); break;
                case 6 when WireFormat.GetTagWireType(tag) == WireFormat.WireType.Fixed64: calls = input.ReadDouble(); break;
                case 7 when WireFormat.GetTagWireType(tag) == WireFormat.WireType.Fixed64: errors = input.ReadDouble(); break;
                case 9 when WireFormat.GetTagWireType(tag) == WireFormat.WireType.Fixed64: application = input.ReadDouble(); break;
                default: input.SkipLastField(); break;
            }
        }

        return new OrcaLoad(cpu, application, calls, errors);
    }
}
