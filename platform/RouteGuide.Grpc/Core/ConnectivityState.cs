namespace Grpc.Core;

/// <summary>Whether a channel is connected.</summary>
public enum ConnectivityState
{
    /// <summary>There is no connection and nothing asks for one.</summary>
    Idle = 0,

    /// <summary>A connection is being made.</summary>
    Connecting = 1,

    /// <summary>There is a connection.</summary>
    Ready = 2,

    /// <summary>The last attempt failed; there will be others.</summary>
    TransientFailure = 3,

    /// <summary>The channel is disposed.</summary>
    Shutdown = 4,
}
