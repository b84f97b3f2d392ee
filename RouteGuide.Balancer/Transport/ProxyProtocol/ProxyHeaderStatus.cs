namespace RouteGuide.Balancer.Transport.ProxyProtocol;

/// <summary>How far the reading of a header has come.</summary>
internal enum ProxyHeaderStatus
{
    /// <summary>All that came belongs to it, and there is more to come.</summary>
    Incomplete,

    /// <summary>It has been read whole.</summary>
    Complete,

    /// <summary>It is none.</summary>
    Malformed,
}
