using System.Buffers;
using System.Buffers.Binary;

namespace RouteGuide.Balancer.Proxy;

/// <summary>
/// The bytes of one HTTP/2 connection to a target. Reads pass; of what SocketsHttpHandler writes, header blocks are rewritten by
/// <see cref="RepeatedFields"/>, everything else passes as it is. The handler's encoder uses neither Huffman coding nor the dynamic
/// table, so a block can be rewritten without the ones before it. Here is also the one place that knows which calls have left the
/// balancer: those that a broken connection has not seen go to another target.
/// </summary>
/// <param name="inner">The connection.</param>
/// <param name="isDead">Whether the target has closed it; then nothing more is written.</param>
/// <param name="onLeaving">Is told the number of each call (<see cref="AttemptMessage.NumberField"/>) right before its headers are written.</param>
internal sealed class TargetStream(Stream inner, Func<bool> isDead, Action<long> onLeaving) : Stream
{
    private const int FrameHeader = 9;
    private const byte Headers = 1;
    private const byte Continuation = 9;
    private const byte EndHeaders = 0x4;
    private const byte Padded = 0x8;
    private const byte Priority = 0x20;

    // RFC 9113 section 6.5.2: what every peer accepts.
    private const int MaxFrameSize = 16_384;

    private readonly ArrayBufferWriter<byte> _output = new();
    private readonly ArrayBufferWriter<byte> _split = new();
    private readonly ArrayBufferWriter<byte> _block = new();

    private readonly List<long> _leaving = [];

    // The start of a frame whose rest has not been written yet.
    private readonly ArrayBufferWriter<byte> _held = new();

    // Bytes of the current frame (at first: of the connection preface, RFC 9113 section 3.4) that pass unseen.
    private int _pass = 24;

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (isDead()) throw new IOException("the target has closed the connection");
        if (_held.WrittenCount == 0 && TryPass(buffer.Span))
        {
            await inner.WriteAsync(buffer, cancellationToken);
            return;
        }

        _held.Write(buffer.Span);
        var rest = Rewrite(_held.WrittenSpan).ToArray();
        _held.ResetWrittenCount();
        _held.Write(rest);
        foreach (var number in _leaving) onLeaving(number);
        _leaving.Clear();
        await inner.WriteAsync(_output.WrittenMemory, cancellationToken);
        _output.ResetWrittenCount();
    }

    /// <summary>True when the bytes can go as they are: whole frames or the passing part of one, and no header block among them.</summary>
    private bool TryPass(ReadOnlySpan<byte> bytes)
    {
        var pass = _pass;
        while (true)
        {
            if (pass >= bytes.Length)
            {
                _pass = pass - bytes.Length;
                return true;
            }

            bytes = bytes[pass..];
            if (bytes.Length < FrameHeader) return false;
            if (bytes[3] is Headers) return false;
            pass = FrameHeader + LengthOf(bytes);
        }
    }

    /// <summary>Writes all whole frames to the output and returns what is left.</summary>
    private ReadOnlySpan<byte> Rewrite(ReadOnlySpan<byte> bytes)
    {
        while (true)
        {
            var pass = Math.Min(_pass, bytes.Length);
            _output.Write(bytes[..pass]);
            bytes = bytes[pass..];
            _pass -= pass;
            if (_pass > 0 || bytes.Length < FrameHeader) return bytes;

            if (bytes[3] != Headers)
            {
                _pass = FrameHeader + LengthOf(bytes);
                continue;
            }

            var consumed = RewriteBlock(bytes);
            if (consumed == 0) return bytes;
            bytes = bytes[consumed..];
        }
    }

    /// <summary>Rewrites a HEADERS frame with its CONTINUATION frames; returns their length, 0 when they are not all there yet.</summary>
    private int RewriteBlock(ReadOnlySpan<byte> bytes)
    {
        var flags = bytes[4];
        if ((flags & (Padded | Priority)) != 0) throw new InvalidOperationException($"A HEADERS frame with the flags 0x{flags:x2} was not expected from this side.");

        _block.ResetWrittenCount();
        var stream = BinaryPrimitives.ReadUInt32BigEndian(bytes[5..]);
        var at = 0;
        bool last;
        do
        {
            if (bytes.Length < at + FrameHeader || bytes.Length < at + FrameHeader + LengthOf(bytes[at..])) return 0;
            last = (bytes[at + 4] & EndHeaders) != 0;
            _block.Write(bytes.Slice(at + FrameHeader, LengthOf(bytes[at..])));
            at += FrameHeader + LengthOf(bytes[at..]);
        }
        while (!last);

        _split.ResetWrittenCount();
        var number = RepeatedFields.Split(_block.WrittenSpan, _split);
        if (number != 0) _leaving.Add(number);
        WriteBlock(_split.WrittenSpan, (byte)(flags & ~EndHeaders), stream);
        return at;
    }

    private void WriteBlock(ReadOnlySpan<byte> block, byte flags, uint stream)
    {
        var type = Headers;
        do
        {
            var part = block[..Math.Min(block.Length, MaxFrameSize)];
            block = block[part.Length..];
            var header = _output.GetSpan(FrameHeader);
            BinaryPrimitives.WriteUInt32BigEndian(header, (uint)part.Length << 8 | type);
            header[4] = (byte)(flags | (block.IsEmpty ? EndHeaders : 0));
            BinaryPrimitives.WriteUInt32BigEndian(header[5..], stream);
            _output.Advance(FrameHeader);
            _output.Write(part);
            (type, flags) = (Continuation, 0);
        }
        while (!block.IsEmpty);
    }

    private static int LengthOf(ReadOnlySpan<byte> frame) => frame[0] << 16 | frame[1] << 8 | frame[2];

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => inner.ReadAsync(buffer, cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => inner.ReadAsync(buffer, offset, count, cancellationToken);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override void Flush() => inner.Flush();

    public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Connections to targets are written asynchronously.");

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
        base.Dispose(disposing);
    }

    public override async ValueTask DisposeAsync()
    {
        await inner.DisposeAsync();
        await base.DisposeAsync();
    }
}
