using System.Net;

namespace RouteGuide.Http2.Transport;

/// <summary>
/// One connection, as bytes. It belongs to one event loop and is used on its thread alone; its handler is called there too, never from
/// inside a call of <see cref="TrySend"/>.
/// </summary>
internal interface IChannel
{
    EventLoop Loop { get; }

    IPEndPoint Remote { get; }

    IPEndPoint Local { get; }

    /// <summary>What the peer sends is reported from here on; called again, to another handler.</summary>
    void Start(IChannelHandler handler);

    /// <summary>
    /// Sends octets. True: all were taken and the memory is free again. False: the memory is in use until
    /// <see cref="IChannelHandler.OnSent"/>; nothing else may be sent before that.
    /// </summary>
    bool TrySend(ReadOnlyMemory<byte> octets);

    /// <summary>A false of <see cref="TrySend"/> has not been followed by <see cref="IChannelHandler.OnSent"/> yet.</summary>
    bool IsSending { get; }

    /// <summary>
    /// The peer is known to have closed the connection, a moment before <see cref="IChannelHandler.OnEnded"/> says so: what is sent now is
    /// lost. False also where it cannot be asked.
    /// </summary>
    bool HasPeerClosed { get; }

    /// <summary>Reads nothing more for now, so that the peer's own output fills up.</summary>
    void PauseReading();

    void ResumeReading();

    /// <summary>Ends the connection once what was sent has left. The handler hears nothing more.</summary>
    void Close();

    /// <summary>Ends the connection at once. The handler hears nothing more.</summary>
    void Abort();
}

/// <summary>What a channel reports, on its loop's thread.</summary>
internal interface IChannelHandler
{
    /// <summary>Octets came; good until the method returns.</summary>
    void OnReceived(ReadOnlySpan<byte> octets);

    /// <summary>What <see cref="IChannel.TrySend"/> did not take at once has left.</summary>
    void OnSent();

    /// <summary>The connection is over; called once, unless this side ended it.</summary>
    /// <param name="reason">For people; null when the peer ended it in order.</param>
    void OnEnded(string? reason);
}

/// <summary>A handler of a connection of which each way ends by itself, as TCP has it.</summary>
internal interface IDuplexHandler : IChannelHandler
{
    /// <summary>The peer will send no more, and may still read. Called once; <see cref="IChannelHandler.OnEnded"/> then comes for errors alone.</summary>
    void OnFinished();
}
