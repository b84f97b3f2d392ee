using System.Buffers;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Grpc.Core;
using Grpc.Internal;

namespace Grpc.Net.Client.Internal;

/// <summary>
/// Takes the messages out of a response body. One buffer, which grows only as bytes arrive: a prefix that promises much costs nothing until it is kept.
/// </summary>
internal sealed class MessageReader(CallExchange exchange, string? encoding, CompressionProviders compression, int? maxSize) : IDisposable
{
    private const int InitialSize = 4096;

    private byte[] _buffer = [];
    private int _start;
    private int _end;
    private PooledBuffer? _decompressed;

    /// <summary>The last message, until the next read.</summary>
    public ReadOnlyMemory<byte> Payload { get; private set; }

    /// <summary>Reads the next message; false at the end of the body.</summary>
    /// <exception cref="InvalidDataException">The body breaks off inside a message, or its framing is wrong.</exception>
    /// <exception cref="RpcException">The message is too large, or in an encoding that is not known.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> ReadAsync()
    {
        Payload = default;
        while (!TryTakeMessage())
        {
            MakeRoom();
            var count = await exchange.ReadAsync(_buffer.AsMemory(_end)).ConfigureAwait(false);
            if (count > 0)
            {
                _end += count;
                continue;
            }

            return _start == _end ? false : throw new InvalidDataException("Incomplete message.");
        }

        return true;
    }

    /// <summary>Gives the memory back. Not while a read is under way.</summary>
    public void Dispose()
    {
        Payload = default;
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        _start = _end = 0;
        _decompressed?.Dispose();
    }

    private bool TryTakeMessage()
    {
        if (!TryReadPrefix(out var isCompressed, out var length) || _end - _start - MessagePrefix.Size < length) return false;

        var payload = _buffer.AsMemory(_start + MessagePrefix.Size, length);
        _start += MessagePrefix.Size + length;
        Payload = isCompressed ? Decompress(payload) : payload;
        return true;
    }

    private bool TryReadPrefix(out bool isCompressed, out int length)
    {
        isCompressed = false;
        length = 0;
        if (!MessagePrefix.TryRead(new ReadOnlySequence<byte>(_buffer, _start, _end - _start), out var flag, out var announced)) return false;
        if (flag > 1) throw new InvalidDataException($"Unexpected compressed flag value in message header: {flag}.");
        if (announced > maxSize || announced > Array.MaxLength - MessagePrefix.Size) throw TooLarge();
        isCompressed = flag == 1;
        length = (int)announced;
        return true;
    }

    // At least one free byte after what is buffered, with the buffered bytes moved to the front.
    private void MakeRoom()
    {
        if (_start == _end) _start = _end = 0;
        if (_end < _buffer.Length) return;

        var buffered = _end - _start;
        if (_start > 0 && buffered <= _buffer.Length / 2)
        {
            _buffer.AsSpan(_start, buffered).CopyTo(_buffer);
        }
        else
        {
            var bigger = ArrayPool<byte>.Shared.Rent(NextSize(buffered));
            _buffer.AsSpan(_start, buffered).CopyTo(bigger);
            if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = bigger;
        }

        _start = 0;
        _end = buffered;
        Debug.Assert(_end < _buffer.Length);
    }

    // Twice what is there, or less if the message that is being received needs less.
    private int NextSize(int buffered)
    {
        if (buffered < InitialSize) return InitialSize;
        var doubled = Math.Min(2L * buffered, Array.MaxLength);
        var needed = TryReadPrefix(out _, out var length) ? (long)MessagePrefix.Size + length : doubled;
        return (int)Math.Max(buffered + 1L, Math.Min(needed, doubled));
    }

    private ReadOnlyMemory<byte> Decompress(ReadOnlyMemory<byte> payload)
    {
        if (encoding is null or GrpcEncodings.Identity)
            throw new RpcException(new Status(StatusCode.Internal, "Request sent 'identity' grpc-encoding value with compressed message."));

        if (compression.Find(encoding) is not { } provider)
        {
            throw new RpcException(new Status(
                StatusCode.Unimplemented, $"Unsupported grpc-encoding value '{encoding}'. Supported encodings: {compression.Names}"));
        }

        _decompressed ??= new PooledBuffer();
        _decompressed.Clear();
        return MessageCompression.TryDecompress(provider, new ReadOnlySequence<byte>(payload), maxSize, _decompressed)
            ? _decompressed.WrittenMemory
            : throw TooLarge();
    }

    private static RpcException TooLarge() =>
        new(new Status(StatusCode.ResourceExhausted, "Received message exceeds the maximum configured message size."));
}
