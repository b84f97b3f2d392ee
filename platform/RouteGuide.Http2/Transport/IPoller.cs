namespace RouteGuide.Http2.Transport;

/// <summary>How a loop learns which of its sockets can be read or written. All but <see cref="Wake"/> is called on the loop's thread.</summary>
internal interface IPoller : IDisposable
{
    void Add(SocketChannel channel);

    /// <summary>Before the socket is closed.</summary>
    void Remove(SocketChannel channel);

    /// <summary>The socket has been read until nothing was left: <see cref="SocketChannel.OnReadable"/> is called when there is more.</summary>
    void AwaitReadable(SocketChannel channel);

    /// <summary>The socket took no more: <see cref="SocketChannel.OnWritable"/> is called when it does, or has taken from <paramref name="rest"/>.</summary>
    void AwaitWritable(SocketChannel channel, ReadOnlyMemory<byte> rest);

    /// <summary>Waits until something is ready, <see cref="Wake"/> is called or the time is over, and tells the channels.</summary>
    /// <param name="timeoutMs">Milliseconds; -1 for no limit.</param>
    /// <param name="onAwake">Called once when the waiting is over, before any channel is told: what they do has to know how late it is.</param>
    void Wait(int timeoutMs, Action onAwake);

    /// <summary>Ends a wait, or the next one. Any thread.</summary>
    void Wake();
}
