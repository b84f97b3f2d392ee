namespace RouteGuide.Balancer.Proxy;

/// <summary>
/// A request as it goes to one target, once. SocketsHttpHandler would by itself repeat a refused request on the same target; the
/// balancer sends it elsewhere instead, so the second time its headers are about to be written, the attempt is over.
/// </summary>
internal sealed class AttemptMessage(HttpMethod method, Uri uri) : HttpRequestMessage(method, uri)
{
    /// <summary>A field that every attempt carries exactly once: its writing shows that the headers are written.</summary>
    public const string Marker = "x-forwarded-proto";

    /// <summary>Carries a number from here to the bytes of the connection, where it is taken out again (<see cref="TargetStream"/>).</summary>
    public const string NumberField = "x-routeguide-attempt";

    private volatile bool _sent;
    private bool _headersWritten;

    /// <summary>The headers were handed to the kernel. While false, nothing has left the balancer.</summary>
    public bool Sent
    {
        get => _sent;
        set => _sent = value;
    }

    /// <summary>Called for each field that is written.</summary>
    /// <exception cref="AttemptRefusedException">The handler starts over, which it does only when the target has certainly not processed the request.</exception>
    public void OnField(string name)
    {
        if (name.Length != Marker.Length || !name.Equals(Marker, StringComparison.OrdinalIgnoreCase)) return;
        if (_headersWritten) throw new AttemptRefusedException();
        _headersWritten = true;
    }
}

/// <summary>The target refused the request without processing it (REFUSED_STREAM, or an id above its GOAWAY's last).</summary>
internal sealed class AttemptRefusedException() : Exception("the target refused the call before processing it");
