using RouteGuide.Http2.Hpack;

namespace RouteGuide.Bench.Micro;

/// <summary>The header fields of an ordinary gRPC call, and blocks of them as a peer would send them.</summary>
internal static class GrpcFields
{
    /// <summary>After so many blocks an encoder has inserted what it ever will.</summary>
    public const int BlocksUntilWarm = 4;

    public static HeaderList Request() => List(
        (":method", "POST"), (":scheme", "http"), (":path", "/routeguide.RouteGuide/GetFeature"), (":authority", "localhost:50051"),
        ("te", "trailers"), ("content-type", "application/grpc"), ("user-agent", "grpc-go/1.60.0"), ("grpc-accept-encoding", "gzip"));

    public static HeaderList Response() => List((":status", "200"), ("content-type", "application/grpc"), ("server", "x"), ("date", "Sat, 21 Nov 2026 10:00:00 GMT"));

    public static HeaderList Trailers() => List(("grpc-status", "0"));

    /// <summary>Encodes with an encoder that keeps its table from block to block.</summary>
    public static byte[] Encode(HpackEncoder encoder, HeaderList list)
    {
        var block = new byte[HpackEncoder.MaxEncodedLength(list)];
        return block[..encoder.Encode(list, block)];
    }

    private static HeaderList List(params ReadOnlySpan<(string Name, string Value)> fields)
    {
        var list = new HeaderList();
        foreach (var (name, value) in fields) list.Add(new HeaderEntry(name, value));
        return list;
    }
}
