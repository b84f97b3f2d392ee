using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using Grpc.Internal;

namespace Grpc.AspNetCore.Web.Internal;

/// <summary>Writes base64. What was written between two flushes is a text of its own, with padding, which gRPC-Web's text mode allows.</summary>
internal sealed class Base64PipeWriter(PipeWriter inner) : PipeWriter, IDisposable
{
    private readonly PooledBuffer _plain = new();

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _plain.Length;

    public override void Advance(int bytes) => _plain.Advance(bytes);

    public override Memory<byte> GetMemory(int sizeHint = 0) => _plain.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => _plain.GetSpan(sizeHint);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        Encode();
        return inner.FlushAsync(cancellationToken);
    }

    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    public override void Complete(Exception? exception = null)
    {
        if (exception is null) Encode();
        inner.Complete(exception);
    }

    public void Dispose() => _plain.Dispose();

    private void Encode()
    {
        if (_plain.Length == 0) return;
        var size = Base64.GetMaxEncodedToUtf8Length(_plain.Length);
        var status = Base64.EncodeToUtf8(_plain.WrittenSpan, inner.GetSpan(size), out _, out var written);
        System.Diagnostics.Debug.Assert(status == OperationStatus.Done);
        inner.Advance(written);
        _plain.Clear();
    }
}
