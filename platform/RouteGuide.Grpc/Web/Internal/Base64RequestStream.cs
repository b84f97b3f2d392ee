using System.Buffers;
using System.Buffers.Text;
using Grpc.AspNetCore.Server.Internal;

namespace Grpc.AspNetCore.Web.Internal;

/// <summary>Reads a body of base64, which may be several texts with padding one after the other.</summary>
internal sealed class Base64RequestStream(Stream inner) : Stream
{
    private const int Quantum = 4;
    private const byte Padding = (byte)'=';

    private readonly byte[] _encoded = new byte[4096];
    private readonly byte[] _decoded = new byte[3072];
    private int _encodedCount;
    private int _decodedStart;
    private int _decodedEnd;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_decodedStart == _decodedEnd && !buffer.IsEmpty)
        {
            var count = await inner.ReadAsync(_encoded.AsMemory(_encodedCount), cancellationToken);
            if (count == 0) return _encodedCount == 0 ? 0 : throw Invalid("it ends in the middle of a group of four");
            _encodedCount += count;
            Decode();
        }

        var given = Math.Min(buffer.Length, _decodedEnd - _decodedStart);
        _decoded.AsMemory(_decodedStart, given).CopyTo(buffer);
        _decodedStart += given;
        return given;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("The body can only be read asynchronously.");

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    // All whole groups; the rest moves to the front.
    private void Decode()
    {
        _decodedStart = _decodedEnd = 0;
        var whole = _encodedCount / Quantum * Quantum;
        for (var start = 0; start < whole;)
        {
            var padding = _encoded.AsSpan(start..whole).IndexOf(Padding);
            var end = padding < 0 ? whole : start + (padding / Quantum * Quantum) + Quantum;
            if (Base64.DecodeFromUtf8(_encoded.AsSpan(start..end), _decoded.AsSpan(_decodedEnd), out var consumed, out var written) != OperationStatus.Done
                || consumed != end - start)
                throw Invalid("it has other characters");
            _decodedEnd += written;
            start = end;
        }

        _encoded.AsSpan(whole.._encodedCount).CopyTo(_encoded);
        _encodedCount -= whole;
    }

    private static InvalidDataException Invalid(string why)
    {
        var exception = new InvalidDataException($"The body of the gRPC-Web request is not base64: {why}.");
        MessageReader.MarkCallersFault(exception);
        return exception;
    }
}
