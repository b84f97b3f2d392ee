using System.Buffers;
using Grpc.Core;
using Grpc.Internal;
using Grpc.Net.Compression;

namespace Grpc.Net.Client.Internal;

/// <summary>Serializes messages straight behind their prefix, into one buffer that can go on the wire as it is.</summary>
internal sealed class MessageSerializer : SerializationContext
{
    [ThreadStatic]
    private static MessageSerializer? _spare;

    private PooledBuffer? _buffer;
    private int? _announcedLength;
    private bool _isComplete;

    /// <summary>Appends one message with its prefix to a buffer.</summary>
    /// <param name="serializer">The marshaller.</param>
    /// <param name="message">The message.</param>
    /// <param name="compression">How to compress the message; null to send it as it is.</param>
    /// <param name="maxSize">The size in bytes that the message may have before compression; null for any.</param>
    /// <param name="buffer">Where the message goes. What is in it after an exception must not be sent.</param>
    /// <exception cref="RpcException">The message is too large.</exception>
    public static void Serialize<T>(Action<T, SerializationContext> serializer, T message, ICompressionProvider? compression, int? maxSize, PooledBuffer buffer)
    {
        var context = _spare ?? new MessageSerializer();
        _spare = null;
        try
        {
            if (compression is null)
            {
                context.SerializePlain(serializer, message, maxSize, buffer);
            }
            else
            {
                using var plain = new PooledBuffer();
                context.SerializePlain(serializer, message, maxSize, plain);
                AppendCompressed(plain.WrittenMemory[MessagePrefix.Size..], compression, buffer);
            }
        }
        finally
        {
            context._buffer = null;
            _spare = context;
        }
    }

    /// <summary>The error for a request message that is larger than the channel allows.</summary>
    public static RpcException TooLarge() =>
        new(new Status(StatusCode.ResourceExhausted, "Sending message exceeds the maximum configured message size."));

    public override void SetPayloadLength(int payloadLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(payloadLength);
        _announcedLength = payloadLength;
        Open().GetSpan(payloadLength);
    }

    public override IBufferWriter<byte> GetBufferWriter() => Open();

    public override void Complete(byte[] payload)
    {
        Open().Write(payload);
        Complete();
    }

    public override void Complete()
    {
        Open();
        _isComplete = true;
    }

    private static void AppendCompressed(ReadOnlyMemory<byte> payload, ICompressionProvider compression, PooledBuffer buffer)
    {
        var start = Reserve(buffer);
        if (payload.IsEmpty)
        {
            // .NET's compressors write nothing at all for nothing, which other implementations do not take for a compressed message.
            MessagePrefix.Write(buffer.WrittenSpan[start..], compressed: false, 0);
            return;
        }

        MessageCompression.Compress(compression, null, new ReadOnlySequence<byte>(payload), buffer);
        MessagePrefix.Write(buffer.WrittenSpan[start..], compressed: true, buffer.Length - start - MessagePrefix.Size);
    }

    private static int Reserve(PooledBuffer buffer)
    {
        var start = buffer.Length;
        buffer.GetSpan(MessagePrefix.Size);
        buffer.Advance(MessagePrefix.Size);
        return start;
    }

    private void SerializePlain<T>(Action<T, SerializationContext> serializer, T message, int? maxSize, PooledBuffer buffer)
    {
        var start = Reserve(buffer);
        _buffer = buffer;
        _announcedLength = null;
        _isComplete = false;
        serializer(message, this);

        if (!_isComplete) throw new InvalidOperationException("The serializer returned without completing the message.");
        var length = buffer.Length - start - MessagePrefix.Size;
        if (_announcedLength is { } announced && announced != length)
            throw new InvalidOperationException($"The serializer announced a message of {announced} bytes and wrote {length}.");
        if (length > maxSize) throw TooLarge();

        MessagePrefix.Write(buffer.WrittenSpan[start..], compressed: false, length);
    }

    private PooledBuffer Open()
    {
        if (_isComplete) throw new InvalidOperationException("The message is complete already.");
        return _buffer!;
    }
}
