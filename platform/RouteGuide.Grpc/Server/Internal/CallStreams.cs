namespace Grpc.AspNetCore.Server.Internal;

/// <summary>The request stream of a call, seen by the call.</summary>
internal interface IRequestStream
{
    /// <summary>Refuses further reads, gives up the one under way, and ends when it is gone.</summary>
    ValueTask CloseAsync();
}

/// <summary>The response stream of a call, seen by the call.</summary>
internal interface IResponseStream
{
    /// <summary>Refuses further writes, and ends when the one under way is done.</summary>
    ValueTask CloseAsync();

    /// <summary>Refuses further writes; false if one is under way.</summary>
    bool TryClose();
}
