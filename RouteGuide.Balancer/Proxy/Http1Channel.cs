using System.Text;
using RouteGuide.Balancer.Transport;

namespace RouteGuide.Balancer.Proxy;

/// <summary>
/// A client that speaks HTTP/1.1. It can ask for the health page; anything else is told what is spoken here. One request per
/// connection, read strictly (RFC 9112) and only as far as its headers: the connection ends with the answer.
/// </summary>
internal sealed class Http1Channel : IChannelHandler
{
    // Of request line and fields.
    private const int MaxHead = 16 * 1024;
    private const int HeadTimeoutMs = 10_000;

    private readonly IChannel _channel;
    private readonly bool _isTls;
    private readonly Action _onOver;
    private readonly ByteBuffer _head = new();
    private readonly LoopTimer _timeout;
    private byte[]? _answer;
    private bool _over;

    /// <param name="channel">Its octets.</param>
    /// <param name="isTls">They came encrypted: without, HTTP/2 was the only thing to speak.</param>
    /// <param name="onOver">Called once.</param>
    public Http1Channel(IChannel channel, bool isTls, Action onOver)
    {
        _channel = channel;
        _isTls = isTls;
        _onOver = onOver;
        _timeout = new LoopTimer(() => Answer(408, "Request Timeout", "no request came", false));
    }

    public void Start()
    {
        _channel.Loop.Timers.Set(_timeout, _channel.Loop.NowMs + HeadTimeoutMs);
        _channel.Start(this);
    }

    public void OnReceived(ReadOnlySpan<byte> octets)
    {
        if (_over || _answer is not null) return;
        if (_head.Length + octets.Length > MaxHead)
        {
            Answer(431, "Request Header Fields Too Large", $"more than {MaxHead} octets of header fields", false);
            return;
        }

        _head.Append(octets);
        var end = _head.Memory.Span.IndexOf("\r\n\r\n"u8);
        if (end >= 0) Judge(_head.Memory.Span[..end]);
    }

    public void OnSent() => Close();

    public void OnEnded(string? reason) => Over();

    private void Judge(ReadOnlySpan<byte> head)
    {
        var lineEnd = head.IndexOf("\r\n"u8);
        var line = lineEnd < 0 ? head : head[..lineEnd];
        var (first, last) = (line.IndexOf((byte)' '), line.LastIndexOf((byte)' '));
        var version = line[(last + 1)..];
        if (first <= 0 || last <= first + 1 || line[(first + 1)..last].Contains((byte)' ') || !(version.SequenceEqual("HTTP/1.1"u8) || version.SequenceEqual("HTTP/1.0"u8)))
        {
            Answer(400, "Bad Request", "this is no request of HTTP/1.1", false);
            return;
        }

        var isHead = line[..first].SequenceEqual("HEAD"u8);
        var path = line[(first + 1)..last];
        var query = path.IndexOf((byte)'?');
        if (query >= 0) path = path[..query];
        if (!_isTls)
        {
            Answer(400, "Bad Request", "this port speaks HTTP/2 with prior knowledge only", isHead);
        }
        else if (path.SequenceEqual("/health"u8) && (isHead || line[..first].SequenceEqual("GET"u8)))
        {
            Answer(200, "OK", "Healthy", isHead);
        }
        else
        {
            // RFC 9110 section 15.5.22: the answer names what is spoken here.
            Answer(426, "Upgrade Required", $"calls are carried over HTTP/2 only; this one came as {Encoding.ASCII.GetString(version)}", isHead, "Upgrade: HTTP/2.0\r\n");
        }
    }

    private void Answer(int status, string reason, string text, bool isHead, string fields = "")
    {
        if (_over || _answer is not null) return;
        var upgrade = fields.Length > 0 ? "Upgrade, " : "";
        var body = text + "\n";
        _answer = Encoding.ASCII.GetBytes(
            $"HTTP/1.1 {status} {reason}\r\nServer: {LocalReply.Server}\r\nContent-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n{fields}Connection: {upgrade}close\r\nContent-Length: {body.Length}\r\n\r\n{(isHead ? "" : body)}");
        if (_channel.TrySend(_answer)) Close();
    }

    private void Close()
    {
        if (_over) return;
        _channel.Close();
        Over();
    }

    private void Over()
    {
        if (_over) return;
        _over = true;
        _channel.Loop.Timers.Clear(_timeout);
        _head.Release();
        _onOver();
    }
}
