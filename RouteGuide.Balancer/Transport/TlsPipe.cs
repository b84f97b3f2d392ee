using System.Buffers.Binary;
using System.Threading.Tasks.Sources;

namespace RouteGuide.Balancer.Transport;

/// <summary>
/// What an SslStream believes to be its connection: ciphertext is put in and taken out by the loop, so that encryption happens on the
/// loop's thread and a socket is written once for all records of a flush. It gives out one whole record at a time (RFC 8446 section 5.1),
/// so that SslStream never holds a part of one: between records it has no buffer and no read that waits, which is most of what ten
/// thousand idle connections would cost.
/// </summary>
internal sealed class TlsPipe : Stream, IValueTaskSource<int>
{
    private const int RecordHeader = 5;

    private readonly ByteBuffer _left = new(); // the beginning of a record
    private ReadOnlyMemory<byte> _fresh; // what has just been received, while it is gone through
    private int _due; // octets of a record that has been given out in part
    private ManualResetValueTaskSourceCore<int> _source;
    private Memory<byte> _wanted;
    private bool _waiting;
    private bool _ended;

    /// <summary>Ciphertext for the peer.</summary>
    public ByteBuffer Output { get; set; } = new();

    /// <summary>Octets received that were not asked for.</summary>
    public int Kept => _left.Length;

    /// <summary>A read would complete at once.</summary>
    public bool HasRecord => _ended || Available() > 0;

    /// <summary>Puts in ciphertext from the peer. Whoever waits for it runs before this returns.</summary>
    /// <param name="octets">Good until <see cref="Keep"/>.</param>
    public void Feed(ReadOnlyMemory<byte> octets)
    {
        // What is left of the last time is the beginning of a record, seldom there.
        if (_left.Length > 0) _left.Append(octets.Span);
        else _fresh = octets;
        Continue();
    }

    /// <summary>Copies what was not asked for, as the memory that was fed is used again.</summary>
    public void Keep()
    {
        if (_fresh.IsEmpty) return;
        _left.Append(_fresh.Span);
        _fresh = default;
    }

    /// <summary>No more will come.</summary>
    public void End()
    {
        _ended = true;
        Continue();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (HasRecord) return new ValueTask<int>(Take(buffer));
        _source.Reset();
        _wanted = buffer;
        _waiting = true;
        return new ValueTask<int>(this, _source.Version);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Output.Append(buffer.Span);
        return default;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) => Output.Append(buffer.AsSpan(offset, count));

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("It is read asynchronously.");

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

    int IValueTaskSource<int>.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _left.Release();
            Output.Release();
        }

        base.Dispose(disposing);
    }

    private void Continue()
    {
        if (!_waiting || !HasRecord) return;
        _waiting = false;
        var wanted = _wanted;
        _wanted = default;
        _source.SetResult(Take(wanted));
    }

    private int Take(Memory<byte> buffer)
    {
        var available = Available();
        var count = Math.Min(buffer.Length, available);
        if (count == 0) return 0;
        _due = available - count;
        if (_left.Length > 0)
        {
            _left.Memory.Span[..count].CopyTo(buffer.Span);
            _left.Advance(count);
        }
        else
        {
            _fresh.Span[..count].CopyTo(buffer.Span);
            _fresh = _fresh[count..];
        }

        return count;
    }

    // Octets up to the end of the record; 0 while it is not whole. What is no record is for SslStream to judge, at once.
    private int Available()
    {
        if (_due > 0) return _due;
        var octets = _left.Length > 0 ? _left.Memory.Span : _fresh.Span;
        if (octets.IsEmpty) return 0;
        var isRecord = octets[0] is >= 20 and <= 23 && (octets.Length < 2 || octets[1] == 3);
        if (!isRecord || _ended) return octets.Length;
        if (octets.Length < RecordHeader) return 0;
        var length = RecordHeader + BinaryPrimitives.ReadUInt16BigEndian(octets[3..]);
        return octets.Length >= length ? length : 0;
    }
}
