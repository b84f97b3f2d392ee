using System.Threading.Tasks.Sources;

namespace RouteGuide.Balancer.Transport;

/// <summary>
/// What an SslStream believes to be its connection: ciphertext is put in and taken out by the loop, so that encryption happens on the
/// loop's thread and a socket is written once for all records of a flush.
/// </summary>
internal sealed class TlsPipe : Stream, IValueTaskSource<int>
{
    private readonly ByteBuffer _left = new(); // received, and not asked for yet
    private ManualResetValueTaskSourceCore<int> _source;
    private Memory<byte> _wanted;
    private bool _waiting;
    private bool _ended;

    /// <summary>Ciphertext for the peer.</summary>
    public ByteBuffer Output { get; set; } = new();

    /// <summary>Puts in ciphertext from the peer. Whoever waits for it runs before this returns.</summary>
    public void Feed(ReadOnlySpan<byte> octets)
    {
        _left.Append(octets);
        Continue();
    }

    /// <summary>No more will come.</summary>
    public void End()
    {
        _ended = true;
        Continue();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_left.Length > 0 || _ended) return new ValueTask<int>(Take(buffer));
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
        if (!_waiting) return;
        _waiting = false;
        var wanted = _wanted;
        _wanted = default;
        _source.SetResult(Take(wanted));
    }

    private int Take(Memory<byte> buffer)
    {
        var count = Math.Min(buffer.Length, _left.Length);
        if (count == 0) return 0;
        _left.Memory.Span[..count].CopyTo(buffer.Span);
        _left.Advance(count);
        return count;
    }
}
