using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using Grpc.Core;
using Grpc.Internal;
using Grpc.Net.Compression;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>
/// Puts messages into a response's body. A marshaller that announces the length writes straight into the body's memory,
/// behind the prefix; nothing is committed there until the message is whole, so a marshaller that fails leaves no trace.
/// One object per thread: marshallers run to their end.
/// </summary>
internal sealed class MessageWriter : SerializationContext, IBufferWriter<byte>, IDisposable
{
    [ThreadStatic]
    private static MessageWriter? _free;

    private readonly PooledBuffer _buffer = new();
    private PipeWriter? _body;
    private ICompressionProvider? _compression;
    private CompressionLevel? _level;
    private int? _maxSize;

    // -1: not announced.
    private int _length;
    private int _written;
    private Memory<byte> _direct;
    private bool _isComplete;

    private bool IsDirect => _length >= 0 && _compression is null;

    /// <summary>Writes one message, without a flush.</summary>
    /// <exception cref="RpcException">The message is longer than <paramref name="options"/> allow.</exception>
    public static void Write<T>(PipeWriter body, MethodOptions options, ICompressionProvider? compression, T message, Action<T, SerializationContext> serializer)
    {
        using var writer = _free ?? new MessageWriter();
        _free = null;
        writer._body = body;
        writer._compression = compression;
        writer._level = options.ResponseCompressionLevel;
        writer._maxSize = options.MaxSendMessageSize;
        writer._length = -1;
        writer._isComplete = false;
        serializer(message, writer);
        if (!writer._isComplete) throw new InvalidOperationException("The marshaller returned without completing the message.");
    }

    /// <summary>Gives the object back to its thread.</summary>
    public void Dispose()
    {
        _buffer.Dispose();
        _direct = default;
        _written = 0;
        _body = null;
        _compression = null;
        _free = this;
    }

    public override void SetPayloadLength(int payloadLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(payloadLength);
        ThrowIfComplete();
        ThrowIfTooLong(payloadLength);
        _length = payloadLength;
    }

    public override IBufferWriter<byte> GetBufferWriter()
    {
        ThrowIfComplete();
        if (!IsDirect) return _buffer;
        if (_direct.IsEmpty) _direct = Body.GetMemory(MessagePrefix.Size + _length)[..(MessagePrefix.Size + _length)];
        return this;
    }

    public override void Complete()
    {
        if (!IsDirect)
        {
            Complete(new ReadOnlySequence<byte>(_buffer.WrittenMemory));
            return;
        }

        ThrowIfComplete();
        if (_direct.IsEmpty) GetBufferWriter();
        if (_written != _length) throw new InvalidOperationException($"The marshaller announced a message of {_length} bytes and wrote {_written}.");
        MessagePrefix.Write(_direct.Span, compressed: false, _length);
        Body.Advance(_direct.Length);
        _isComplete = true;
    }

    public override void Complete(byte[] payload)
    {
        ArgumentNullException.ThrowIfNull(payload);
        Complete(new ReadOnlySequence<byte>(payload));
    }

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (count > _length - _written) throw LongerThanAnnounced();
        _written += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (sizeHint > _length - _written) throw LongerThanAnnounced();
        return _direct[(MessagePrefix.Size + _written)..];
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    private PipeWriter Body => _body ?? throw new InvalidOperationException("The message can be written only until the marshaller returns.");

    private void Complete(in ReadOnlySequence<byte> message)
    {
        ThrowIfComplete();
        ThrowIfTooLong(message.Length);
        // .NET's compressors write nothing at all for nothing, which other implementations do not take for a compressed message.
        if (_compression is null || message.IsEmpty)
        {
            Emit(message, compressed: false);
        }
        else
        {
            using var compressed = new PooledBuffer();
            MessageCompression.Compress(_compression, _level, message, compressed);
            Emit(new ReadOnlySequence<byte>(compressed.WrittenMemory), compressed: true);
        }

        _isComplete = true;
    }

    private void Emit(in ReadOnlySequence<byte> payload, bool compressed)
    {
        MessagePrefix.Write(Body.GetSpan(MessagePrefix.Size), compressed, (int)payload.Length);
        Body.Advance(MessagePrefix.Size);
        foreach (var segment in payload) Body.Write(segment.Span);
    }

    private void ThrowIfTooLong(long length)
    {
        if (length > _maxSize)
            throw new RpcException(new Status(StatusCode.ResourceExhausted, "Sending message exceeds the maximum configured message size."));
    }

    private void ThrowIfComplete()
    {
        if (_isComplete) throw new InvalidOperationException("The message is complete already.");
    }

    private InvalidOperationException LongerThanAnnounced() =>
        new($"The marshaller announced a message of {_length} bytes and wants to write more.");
}
