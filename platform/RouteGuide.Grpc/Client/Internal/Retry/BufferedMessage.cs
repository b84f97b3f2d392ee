using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Grpc.Core;

namespace Grpc.Net.Client.Internal.Retry;

/// <summary>A request message that has been serialized once and may be sent several times.</summary>
internal sealed class BufferedMessage
{
    private readonly byte[] _payload = [];
    private readonly ExceptionDispatchInfo? _error;
    private readonly TaskCompletionSource _sent = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public BufferedMessage(byte[] payload, WriteOptions? options)
    {
        _payload = payload;
        Options = options;
    }

    private BufferedMessage(Exception error) => _error = ExceptionDispatchInfo.Capture(error);

    public WriteOptions? Options { get; }

    /// <summary>In bytes.</summary>
    public int Size => _payload.Length;

    /// <summary>Completes when the message has been written for the first time, or never will be.</summary>
    public Task Sent => _sent.Task;

    /// <summary>Serializes a message. An error is kept, so that the attempt that would send it fails as any other call does.</summary>
    public static BufferedMessage Create<TRequest>(Marshaller<TRequest> marshaller, TRequest request)
    {
        try
        {
            return new BufferedMessage(marshaller.Serializer(request), null);
        }
        catch (Exception e)
        {
            return new BufferedMessage(e);
        }
    }

    public void MarkSent() => _sent.TrySetResult();

    public void Fail(Exception error)
    {
        _sent.TrySetException(error);
        // Whoever wrote the message may have stopped looking.
        _ = _sent.Task.Exception;
    }

    public void WriteTo(SerializationContext context)
    {
        _error?.Throw();
        context.SetPayloadLength(_payload.Length);
        context.GetBufferWriter().Write(_payload);
        context.Complete();
    }
}

/// <summary>The methods whose requests are messages that have been serialized before, one for each method that is retried.</summary>
internal static class ReplayedMethod<TRequest, TResponse>
{
    private static readonly ConditionalWeakTable<Method<TRequest, TResponse>, Method<BufferedMessage, TResponse>> Known = [];

    private static readonly Marshaller<BufferedMessage> Marshaller = new(
        static (message, context) => message.WriteTo(context),
        static _ => throw new NotSupportedException("Requests are only written."));

    public static Method<BufferedMessage, TResponse> Of(Method<TRequest, TResponse> method) => Known.GetValue(
        method, static m => new Method<BufferedMessage, TResponse>(m.Type, m.ServiceName, m.Name, Marshaller, m.ResponseMarshaller));
}
