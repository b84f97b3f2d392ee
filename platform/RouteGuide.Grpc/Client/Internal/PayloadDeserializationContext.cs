using System.Buffers;
using Grpc.Core;

namespace Grpc.Net.Client.Internal;

/// <summary>Gives one received message to a marshaller.</summary>
internal sealed class PayloadDeserializationContext : DeserializationContext
{
    [ThreadStatic]
    private static PayloadDeserializationContext? _spare;

    private ReadOnlyMemory<byte> _payload;

    public override int PayloadLength => _payload.Length;

    /// <summary>Runs a marshaller on a message. What the marshaller throws is the peer's or the marshaller's fault: <see cref="StatusCode.Internal"/>.</summary>
    /// <exception cref="RpcException">The message cannot be read.</exception>
    public static T Deserialize<T>(Func<DeserializationContext, T> deserializer, ReadOnlyMemory<byte> payload, string what)
    {
        // Marshallers do not wait, so one context for each thread is enough; one that makes calls of its own finds none and gets a new one.
        var context = _spare ?? new PayloadDeserializationContext();
        _spare = null;
        context._payload = payload;
        ClientEventSource.Log.MessageReceived();
        try
        {
            return deserializer(context);
        }
        catch (Exception e)
        {
            throw new RpcException(new Status(StatusCode.Internal, $"{what} {e.GetType().Name}: {e.Message}", e));
        }
        finally
        {
            context._payload = default;
            _spare = context;
        }
    }

    public override byte[] PayloadAsNewBuffer() => _payload.ToArray();

    public override ReadOnlySequence<byte> PayloadAsReadOnlySequence() => new(_payload);
}
