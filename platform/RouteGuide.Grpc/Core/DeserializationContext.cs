using System.Buffers;

namespace Grpc.Core;

/// <summary>Where a marshaller gets one message from. Valid only until the marshaller returns.</summary>
public abstract class DeserializationContext
{
    /// <summary>The message's length in bytes.</summary>
    public abstract int PayloadLength { get; }

    /// <summary>The message as a new array, which the caller owns.</summary>
    /// <exception cref="NotSupportedException">This context does not give arrays.</exception>
    public virtual byte[] PayloadAsNewBuffer() => throw new NotSupportedException($"{GetType()} does not give the message as an array.");

    /// <summary>The message without a copy, valid only until the marshaller returns.</summary>
    public virtual ReadOnlySequence<byte> PayloadAsReadOnlySequence() => new(PayloadAsNewBuffer());
}
