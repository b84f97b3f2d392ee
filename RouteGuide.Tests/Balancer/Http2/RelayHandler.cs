using RouteGuide.Http2;
using RouteGuide.Http2.Hpack;
using RouteGuide.Http2.Streams;

namespace RouteGuide.Tests.Balancer.Http2;

/// <summary>
/// One half of the smallest proxy there is: what comes in on its connection goes out on the other's. A stream's tag is its partner.
/// It shows what the engine alone can do; errors end both streams, and credit follows what was sent on.
/// </summary>
internal sealed class RelayHandler(Http2Resources resources) : IHttp2Handler
{
    public Http2Connection Own { get; set; } = null!;

    public RelayHandler Other { get; set; } = null!;

    /// <summary>The stream whose headers came last.</summary>
    public Http2Stream? LastStream { get; private set; }

    public void OnHeaders(Http2Stream stream, HeaderList headers, bool endStream)
    {
        LastStream = stream;
        var outgoing = resources.Outgoing;
        outgoing.CopyFrom(headers);
        if (stream.Tag is Http2Stream partner)
        {
            Other.Own.SendHeaders(partner, outgoing, endStream);
            return;
        }

        var opened = Other.Own.OpenStream(outgoing, endStream, stream);
        if (opened is null) Own.Reset(stream, Http2ErrorCode.RefusedStream);
        else stream.Tag = opened;
    }

    public void OnInterimHeaders(Http2Stream stream, HeaderList headers)
    {
        if (stream.Tag is Http2Stream partner) Other.Own.SendInterimHeaders(partner, headers);
    }

    public void OnHeadersTooLarge(Http2Stream stream, HeaderList headers, bool endStream) => Own.Reset(stream, Http2ErrorCode.EnhanceYourCalm);

    public void OnData(Http2Stream stream, ReadOnlySpan<byte> data, bool endStream)
    {
        var sent = stream.Tag is Http2Stream partner ? Other.Own.SendData(partner, data, endStream) : data.Length;
        Own.Consume(stream, sent);
    }

    public void OnTrailers(Http2Stream stream, HeaderList trailers)
    {
        if (stream.Tag is Http2Stream partner) Other.Own.SendTrailers(partner, trailers);
    }

    public void OnDataSent(Http2Stream stream, int count)
    {
        if (stream.Tag is Http2Stream partner) Other.Own.Consume(partner, count);
    }

    public void OnReset(Http2Stream stream, StreamReset reset)
    {
        if (stream.Tag is not Http2Stream partner) return;
        stream.Tag = partner.Tag = null;
        Other.Own.Reset(partner, reset.Code);
    }

    public void OnClosed(Http2Stream stream)
    {
        if (stream.Tag is not Http2Stream partner) return;
        stream.Tag = partner.Tag = null;
        // An answer that ended before its request: the rest of the request is not wanted.
        if (partner.State != StreamState.Closed) Other.Own.Reset(partner, Http2ErrorCode.NoError);
    }

    public void OnPeerSettings()
    {
    }

    public void OnGoAway(int lastStreamId, Http2ErrorCode code, ReadOnlySpan<byte> debugData)
    {
    }

    public void OnPingAck(ulong opaque)
    {
    }

    public void OnOutput()
    {
    }
}
