namespace RouteGuide.Balancer.Proxy;

/// <summary>What is to be done about a silent peer.</summary>
internal enum KeepAliveStep
{
    Nothing,
    Ping,
    GiveUp,
}

/// <summary>Finds out by PINGs whether a peer that says nothing is still there.</summary>
/// <param name="quietMs">Milliseconds of silence before a PING.</param>
/// <param name="answerMs">Milliseconds for its answer; any octet is one.</param>
internal struct KeepAlive(int quietMs, int answerMs)
{
    /// <summary>When the last PING was sent; -1 if never.</summary>
    public long PingedMs { get; private set; } = -1;

    /// <param name="nowMs">Milliseconds of the loop.</param>
    /// <param name="heardMs">When the last octet came.</param>
    /// <param name="mayPing">A PING may be sent now.</param>
    public KeepAliveStep Look(long nowMs, long heardMs, bool mayPing)
    {
        if (PingedMs >= 0 && heardMs < PingedMs) return nowMs - PingedMs > answerMs ? KeepAliveStep.GiveUp : KeepAliveStep.Nothing;
        if (nowMs - heardMs < quietMs || !mayPing) return KeepAliveStep.Nothing;
        PingedMs = nowMs;
        return KeepAliveStep.Ping;
    }
}
