namespace RouteGuide.Http2.Transport;

/// <summary>How connections to others are made.</summary>
internal interface IConnector
{
    /// <summary>Connects and then, on the loop's thread, tells the channel or why there is none.</summary>
    /// <param name="loop">Whose connection it will be.</param>
    /// <param name="host">A name or an address.</param>
    /// <param name="port">1 to 65535.</param>
    /// <param name="timeout">For all addresses of the name together.</param>
    /// <param name="done">Gets exactly one of the two, never from inside this call.</param>
    void Connect(EventLoop loop, string host, int port, TimeSpan timeout, Action<IChannel?, string?> done);
}
