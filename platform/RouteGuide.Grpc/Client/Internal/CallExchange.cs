using Grpc.Core;
using Grpc.Internal;

namespace Grpc.Net.Client.Internal;

/// <summary>What a request says besides its messages.</summary>
/// <param name="Information">The method.</param>
/// <param name="Host">The authority that is asked for; null for the address's own.</param>
/// <param name="PreviousAttempts">How often the call was tried before.</param>
/// <param name="Encoding">The encoding of the request messages; null for none.</param>
/// <param name="Deadline">In UTC; null for never.</param>
/// <param name="Metadata">The application's metadata.</param>
/// <param name="Credentials">Metadata of the call's credentials; null if it has none.</param>
internal readonly record struct RequestHead(
    MethodInformation Information, string? Host, int PreviousAttempts, string? Encoding, DateTime? Deadline, Metadata? Metadata, Metadata? Credentials);

/// <summary>How one attempt at a call travels: its request goes out here, and its response comes in.</summary>
/// <param name="call">The attempt.</param>
internal abstract class CallExchange(GrpcCall call)
{
    /// <summary>The HTTP status of the response. This and all that follows of the response: once <see cref="SendAsync"/> has completed.</summary>
    public abstract int HttpStatus { get; }

    public abstract Version HttpVersion { get; }

    /// <summary>Null if the response has none.</summary>
    public abstract string? ContentType { get; }

    public abstract ResponseFields Headers { get; }

    /// <summary>Once the response has been read to its end.</summary>
    public abstract ResponseFields Trailers { get; }

    protected GrpcCall Call => call;

    /// <summary>Sends the request; completes with the headers of the response.</summary>
    /// <param name="head">What it says.</param>
    /// <param name="message">Its only message, with its prefix, which is the exchange's from here on; null for a stream of messages.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="HttpRequestException">There is no connection.</exception>
    /// <exception cref="IOException">The connection was lost, or the server has reset the stream.</exception>
    public abstract ValueTask SendAsync(in RequestHead head, PooledBuffer? message);

    /// <summary>Sends a message of a stream; completes when there is room for another. Not before <see cref="SendAsync"/>, and one at a time.</summary>
    /// <param name="message">With its prefix; free again when this completes.</param>
    /// <param name="isMoreToCome">It may wait for the next.</param>
    /// <exception cref="OperationCanceledException">It was stopped, or the server wants no more of it.</exception>
    /// <exception cref="IOException">The connection was lost, or the server has reset the stream.</exception>
    public abstract ValueTask WriteAsync(PooledBuffer message, bool isMoreToCome);

    /// <summary>Ends the stream of messages.</summary>
    public abstract void Complete();

    /// <summary>Reads octets of messages; 0 at their end. One at a time.</summary>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="IOException">The connection was lost, or the server has reset the stream.</exception>
    public abstract ValueTask<int> ReadAsync(Memory<byte> destination);

    /// <summary>The call is over: whatever is under way ends, and what is left of the response is not wanted. Headers and trailers stay. Any thread, any number of times.</summary>
    /// <param name="isUnfinished">The server has not ended it.</param>
    public abstract void Stop(bool isUnfinished);
}
