namespace Grpc.Core;

/// <summary>A stream of messages to read. One read at a time.</summary>
/// <typeparam name="T">The type of message.</typeparam>
public interface IAsyncStreamReader<T>
{
    /// <summary>The message that the last <see cref="MoveNext"/> found.</summary>
    T Current { get; }

    /// <summary>Goes to the next message; false at the end of the stream.</summary>
    /// <param name="cancellationToken">Gives up the read, and with it the call.</param>
    /// <exception cref="RpcException">The call ended with another status than OK.</exception>
    Task<bool> MoveNext(CancellationToken cancellationToken);
}

/// <summary>A stream of messages to write. One write at a time.</summary>
/// <typeparam name="T">The type of message.</typeparam>
public interface IAsyncStreamWriter<T>
{
    /// <summary>How messages are written from now on.</summary>
    WriteOptions? WriteOptions { get; set; }

    /// <summary>Writes a message; ends when the next one may be written.</summary>
    /// <param name="message">The message.</param>
    Task WriteAsync(T message);

    /// <summary>Writes a message; ends when the next one may be written.</summary>
    /// <param name="message">The message.</param>
    /// <param name="cancellationToken">Gives up the write, and with it the call.</param>
    /// <exception cref="NotSupportedException">This writer has no write that can be cancelled, and the token can.</exception>
    Task WriteAsync(T message, CancellationToken cancellationToken)
    {
        // Writers that people wrote for tests have only the method without a token.
        if (cancellationToken.CanBeCanceled) throw new NotSupportedException($"{GetType()} does not support the cancellation of a write.");
        return WriteAsync(message);
    }
}

/// <summary>The request stream of a call, seen by the client.</summary>
/// <typeparam name="T">The type of message.</typeparam>
public interface IClientStreamWriter<T> : IAsyncStreamWriter<T>
{
    /// <summary>Ends the stream: the server sees its end after the last message.</summary>
    Task CompleteAsync();
}

/// <summary>The response stream of a call, seen by the server. It ends when the handler returns.</summary>
/// <typeparam name="T">The type of message.</typeparam>
public interface IServerStreamWriter<T> : IAsyncStreamWriter<T>
{
}
