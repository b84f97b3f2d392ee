using System.Buffers;

namespace Grpc.Core;

/// <summary>
/// Where a marshaller puts one message: either all at once with <see cref="Complete(byte[])"/>, or piece by piece into
/// <see cref="GetBufferWriter"/>, ended by <see cref="Complete()"/>.
/// </summary>
public abstract class SerializationContext
{
    /// <summary>Gives the whole message and ends it.</summary>
    /// <param name="payload">The message. It must not be changed afterwards.</param>
    /// <exception cref="InvalidOperationException">The message is complete already.</exception>
    /// <exception cref="NotSupportedException">This context does not take arrays.</exception>
    public virtual void Complete(byte[] payload) => throw new NotSupportedException($"{GetType()} does not take the message as an array.");

    /// <summary>The writer for the message's bytes.</summary>
    /// <exception cref="InvalidOperationException">The message is complete already.</exception>
    /// <exception cref="NotSupportedException">This context has no writer.</exception>
    public virtual IBufferWriter<byte> GetBufferWriter() => throw new NotSupportedException($"{GetType()} has no buffer writer.");

    /// <summary>Announces the message's length before the first byte is written, which saves copies. The length must be kept exactly.</summary>
    /// <param name="payloadLength">The length in bytes.</param>
    public virtual void SetPayloadLength(int payloadLength)
    {
        // A hint: a context that gains nothing from it ignores it.
    }

    /// <summary>Ends the message that was written into <see cref="GetBufferWriter"/>.</summary>
    /// <exception cref="InvalidOperationException">The message is complete already.</exception>
    /// <exception cref="NotSupportedException">This context has no writer.</exception>
    public virtual void Complete() => throw new NotSupportedException($"{GetType()} has no buffer writer.");
}
