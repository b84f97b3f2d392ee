using BenchmarkDotNet.Attributes;
using RouteGuide.Http2.Hpack;

namespace RouteGuide.Bench.Micro;

/// <summary>Header compression. Warm: the tables hold the fields, as after a few calls. Cold: literals.</summary>
public class HpackBenchmarks
{
    private const int Limit = 32 * 1024;
    private const int MaxFields = 100;

    private readonly HeaderList _request = GrpcFields.Request();
    private readonly HeaderList _decoded = new();
    private readonly byte[] _output = new byte[4096];
    private HpackEncoder _encoder = null!;
    private HpackDecoder _decoder = null!;
    private byte[] _cold = [];
    private byte[] _warm = [];

    [GlobalSetup]
    public void Setup()
    {
        _encoder = new HpackEncoder(4096);
        _decoder = new HpackDecoder(4096, new HeaderInterner());
        // The block that inserts the fields is the longest: it is not the first one, as a field is inserted when it comes again.
        for (var i = 0; i < GrpcFields.BlocksUntilWarm; i++)
        {
            _warm = GrpcFields.Encode(_encoder, _request);
            if (_warm.Length > _cold.Length) _cold = _warm;
            Decode(_decoder, _warm);
        }
    }

    [Benchmark]
    public int DecodeWarm() => Decode(_decoder, _warm);

    // The same literals again: each is inserted and pushes an old one out, so the table stays as large as it is allowed to be.
    [Benchmark]
    public int DecodeCold() => Decode(_decoder, _cold);

    [Benchmark]
    public int EncodeWarm() => _encoder.Encode(_request, _output);

    [Benchmark]
    public int EncodeCold() => new HpackEncoder(4096).Encode(_request, _output);

    private int Decode(HpackDecoder decoder, byte[] block)
    {
        _decoded.Clear();
        decoder.Decode(block, _decoded, Limit, MaxFields);
        return _decoded.Count;
    }
}
