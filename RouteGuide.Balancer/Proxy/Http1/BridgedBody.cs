namespace RouteGuide.Balancer.Proxy.Http1;

/// <summary>The body of a <see cref="BridgedStream"/>'s request. The client gets credit for what is read.</summary>
internal sealed class BridgedBody(BridgedStream bridge, Stream octets, bool expectsContinue) : Stream
{
    private bool _held = expectsContinue;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_held)
        {
            _held = false;
            bridge.Continue();
        }

        var count = await octets.ReadAsync(buffer, cancellationToken);
        bridge.Taken(count);
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("It is read asynchronously.");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("It is read alone.");

    public override void Flush()
    {
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
