using RouteGuide.Http2;
using RouteGuide.Http2.Hpack;
using RouteGuide.Http2.Streams;

namespace RouteGuide.Tests.Balancer.Http2;

/// <summary>Writes down what a connection reports, one line each; pieces of DATA that follow each other are put together.</summary>
internal sealed class RecordingHandler : IHttp2Handler
{
    private readonly List<string> _events = [];
    private int _dataStream;

    public IReadOnlyList<string> Events => _events;

    public List<Http2Stream> Opened { get; } = [];

    public Action<Http2Stream, bool>? WhenHeaders { get; set; }

    public Action<Http2Stream, int>? WhenData { get; set; }

    public Action<Http2Stream, int>? WhenDataSent { get; set; }

    public int Outputs { get; private set; }

    public void OnHeaders(Http2Stream stream, HeaderList headers, bool endStream)
    {
        Add($"headers {stream.Id} {Wire.Text(headers)}{(endStream ? " end" : "")}");
        Opened.Add(stream);
        WhenHeaders?.Invoke(stream, endStream);
    }

    public void OnInterimHeaders(Http2Stream stream, HeaderList headers) => Add($"interim {stream.Id} {Wire.Text(headers)}");

    public void OnHeadersTooLarge(Http2Stream stream, HeaderList headers, bool endStream)
    {
        Add($"too-large {stream.Id}{(endStream ? " end" : "")}");
        Opened.Add(stream);
    }

    public void OnData(Http2Stream stream, ReadOnlySpan<byte> data, bool endStream)
    {
        var text = Convert.ToHexString(data);
        if (_dataStream == stream.Id && !data.IsEmpty) _events[^1] += text;
        else if (!data.IsEmpty) Add($"data {stream.Id} {text}");
        _dataStream = stream.Id;
        if (endStream) Add($"end {stream.Id}");
        WhenData?.Invoke(stream, data.Length);
    }

    public void OnTrailers(Http2Stream stream, HeaderList trailers) => Add($"trailers {stream.Id} {Wire.Text(trailers)}");

    public void OnDataSent(Http2Stream stream, int count)
    {
        Add($"sent {stream.Id} {count}");
        WhenDataSent?.Invoke(stream, count);
    }

    public void OnReset(Http2Stream stream, StreamReset reset) =>
        Add($"reset {stream.Id} {reset.Code} {reset.Origin}{(reset.IsSafeToRetry ? " retry" : "")}");

    public void OnClosed(Http2Stream stream) => Add($"closed {stream.Id}");

    public void OnPeerSettings() => Add("settings");

    public void OnGoAway(int lastStreamId, Http2ErrorCode code, ReadOnlySpan<byte> debugData) =>
        Add($"goaway {lastStreamId} {code} {System.Text.Encoding.ASCII.GetString(debugData)}");

    public void OnPingAck(ulong opaque) => Add($"pong {opaque}");

    public void OnOutput() => Outputs++;

    private void Add(string line)
    {
        _dataStream = 0;
        _events.Add(line);
    }
}
