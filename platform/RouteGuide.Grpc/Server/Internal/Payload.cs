using System.Buffers;
using Grpc.Core;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>One received message on its way through a marshaller. One object per thread: marshallers run to their end.</summary>
internal sealed class Payload : DeserializationContext
{
    [ThreadStatic]
    private static Payload? _free;

    private ReadOnlySequence<byte> _bytes;
    private bool _inUse;

    public override int PayloadLength => (int)Bytes.Length;

    private ReadOnlySequence<byte> Bytes =>
        _inUse ? _bytes : throw new InvalidOperationException("The message can be read only until the marshaller returns.");

    public static T Deserialize<T>(Func<DeserializationContext, T> deserializer, in ReadOnlySequence<byte> bytes)
    {
        var payload = _free ?? new Payload();
        _free = null;
        payload._bytes = bytes;
        payload._inUse = true;
        try
        {
            return deserializer(payload);
        }
        finally
        {
            payload._inUse = false;
            payload._bytes = default;
            _free = payload;
        }
    }

    public override byte[] PayloadAsNewBuffer() => Bytes.ToArray();

    public override ReadOnlySequence<byte> PayloadAsReadOnlySequence() => Bytes;
}
