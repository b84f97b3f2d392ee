using RouteGuide.Http2;
using RouteGuide.Http2.Hpack;
using RouteGuide.Http2.Streams;

namespace RouteGuide.Bench.Micro;

/// <summary>Passes what comes in on one connection on to the other: the least that a proxy does. A stream's tag is its partner.</summary>
internal sealed class RelayHandler(Http2Resources resources) : IHttp2Handler
{
    public Http2Connection Own { get; set; } = null!;

    public Http2Connection Other { get; set; } = null!;

    public void OnHeaders(Http2Stream stream, HeaderList headers, bool endStream)
    {
        resources.Outgoing.CopyFrom(headers);
        if (stream.Tag is Http2Stream partner) Other.SendHeaders(partner, resources.Outgoing, endStream);
        else stream.Tag = Other.OpenStream(resources.Outgoing, endStream, stream) ?? throw new InvalidOperationException("no stream can be opened");
    }

    public void OnData(Http2Stream stream, ReadOnlySpan<byte> data, bool endStream) => Own.Consume(stream, Other.SendData((Http2Stream)stream.Tag!, data, endStream));

    public void OnTrailers(Http2Stream stream, HeaderList trailers) => Other.SendTrailers((Http2Stream)stream.Tag!, trailers);

    public void OnDataSent(Http2Stream stream, int count) => Other.Consume((Http2Stream)stream.Tag!, count);

    public void OnClosed(Http2Stream stream) => stream.Tag = null;

    public void OnReset(Http2Stream stream, StreamReset reset) => throw new InvalidOperationException($"a stream was reset: {reset}");

    public void OnHeadersTooLarge(Http2Stream stream, HeaderList headers, bool endStream) => throw new InvalidOperationException("headers are too large");

    public void OnGoAway(int lastStreamId, Http2ErrorCode code, ReadOnlySpan<byte> debugData) => throw new InvalidOperationException($"GOAWAY: {code}");

    public void OnInterimHeaders(Http2Stream stream, HeaderList headers)
    {
    }

    public void OnPeerSettings()
    {
    }

    public void OnPingAck(ulong opaque)
    {
    }

    public void OnOutput()
    {
    }
}
