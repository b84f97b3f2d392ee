using BenchmarkDotNet.Attributes;
using RouteGuide.Bench.Backend;
using RouteGuide.Http2.Frames;

namespace RouteGuide.Bench.Micro;

/// <summary>Cutting received octets into frames: those of a thousand unary requests, and of 1 MiB in full frames. Times are per frame.</summary>
public class FrameBenchmarks
{
    private const int Calls = 1000;
    private const int FullFrames = 64;

    private readonly FrameReader _reader = new();
    private byte[] _calls = [];
    private byte[] _bulk = [];

    [GlobalSetup]
    public void Setup()
    {
        _calls = [.. Enumerable.Range(0, Calls).SelectMany(i => (byte[])[.. Frame(1, 0x4, (2 * i) + 1, new byte[8]), .. Frame(0, 0x1, (2 * i) + 1, CallShape.Unary.ToRequest())])];
        _bulk = [.. Enumerable.Range(0, FullFrames).SelectMany(_ => Frame(0, 0, 1, new byte[16_384]))];
    }

    [Benchmark(OperationsPerInvoke = 2 * Calls)]
    public int SmallFrames() => Read(_calls);

    [Benchmark(OperationsPerInvoke = FullFrames)]
    public int FullDataFrames() => Read(_bulk);

    private int Read(byte[] octets)
    {
        ReadOnlySpan<byte> input = octets;
        var length = 0;
        while (_reader.TryRead(ref input, out var piece)) length += piece.Payload.Length;
        return length;
    }

    private static byte[] Frame(byte type, byte flags, int stream, byte[] payload) =>
        [(byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length, type, flags, (byte)(stream >> 24), (byte)(stream >> 16), (byte)(stream >> 8), (byte)stream, .. payload];
}
