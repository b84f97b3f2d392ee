using RouteGuide.Http2.Hpack;

namespace RouteGuide.Balancer.Proxy;

/// <summary>What is noted of a call while it runs, for those who want to know afterwards. Used again for the next call.</summary>
internal sealed class CallNotes
{
    // Octets of a message that are kept, of more than any of ours has.
    private const int LongestMessage = 1024;

    private byte[] _message = [];
    private int _messageLength;

    /// <summary>HTTP status of the target's response; 0 if there was none.</summary>
    public int TargetStatus { get; private set; }

    /// <summary>HTTP status that the balancer answered with itself, or would have if the call were not gRPC; 0 if it did not.</summary>
    public int LocalStatus { get; private set; }

    /// <summary>Why the balancer ended the call, for people; null if it did not.</summary>
    public string? Reason { get; private set; }

    /// <summary>Octets of the response's fields, names and values, and of a body of the balancer's own.</summary>
    public long ResponseFieldOctets { get; private set; }

    /// <summary>The target's <c>grpc-message</c> as it came; empty if there was none or the status was OK.</summary>
    public ReadOnlySpan<byte> Message => _message.AsSpan(0, _messageLength);

    /// <summary>Headers of the response have come.</summary>
    public void OnAnswered(int status, HeaderList headers)
    {
        TargetStatus = status;
        OnFields(headers);
    }

    /// <summary>The same, of a target of HTTP/1.1.</summary>
    public void OnAnswered(int status) => TargetStatus = status;

    /// <summary>Fields of the response, headers or trailers, have come.</summary>
    public void OnFields(HeaderList fields) => ResponseFieldOctets += fields.Size - fields.Count * HeaderEntry.Overhead;

    /// <summary>The balancer has answered itself.</summary>
    public void OnLocalBody(int octets) => ResponseFieldOctets += octets;

    /// <summary>The response says how the call ended.</summary>
    /// <param name="status">As it stood there.</param>
    /// <param name="fields">It stood in these.</param>
    public void OnStatus(string status, HeaderList fields)
    {
        if (status == "0" || fields.IndexOf(KnownHeader.GrpcMessage) is not (>= 0 and var index)) return;
        var message = fields.Value(index);
        if (_message.Length == 0) _message = new byte[LongestMessage];
        _messageLength = Math.Min(message.Length, LongestMessage);
        message[.._messageLength].CopyTo(_message);
    }

    /// <summary>The balancer answers, or ends the response, itself.</summary>
    /// <param name="httpStatus">0 if the response had begun.</param>
    /// <param name="reason">For people.</param>
    public void OnLocalEnd(int httpStatus, string reason) => (LocalStatus, Reason) = (httpStatus, reason);

    public void Clear()
    {
        ResponseFieldOctets = 0;
        TargetStatus = LocalStatus = _messageLength = 0;
        Reason = null;
    }
}
