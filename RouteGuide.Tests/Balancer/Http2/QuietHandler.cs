using RouteGuide.Http2;
using RouteGuide.Http2.Hpack;
using RouteGuide.Http2.Streams;

namespace RouteGuide.Tests.Balancer.Http2;

/// <summary>A handler that does nothing, to be told what to do by those that derive from it.</summary>
internal abstract class QuietHandler : IHttp2Handler
{
    public virtual void OnHeaders(Http2Stream stream, HeaderList headers, bool endStream)
    {
    }

    public virtual void OnInterimHeaders(Http2Stream stream, HeaderList headers)
    {
    }

    public virtual void OnHeadersTooLarge(Http2Stream stream, HeaderList headers, bool endStream)
    {
    }

    public virtual void OnData(Http2Stream stream, ReadOnlySpan<byte> data, bool endStream)
    {
    }

    public virtual void OnTrailers(Http2Stream stream, HeaderList trailers)
    {
    }

    public virtual void OnDataSent(Http2Stream stream, int count)
    {
    }

    public virtual void OnReset(Http2Stream stream, StreamReset reset)
    {
    }

    public virtual void OnClosed(Http2Stream stream)
    {
    }

    public virtual void OnPeerSettings()
    {
    }

    public virtual void OnGoAway(int lastStreamId, Http2ErrorCode code, ReadOnlySpan<byte> debugData)
    {
    }

    public virtual void OnPingAck(ulong opaque)
    {
    }

    public virtual void OnOutput()
    {
    }
}
