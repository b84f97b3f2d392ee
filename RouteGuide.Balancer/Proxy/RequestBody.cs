using System.Buffers;
using System.IO.Pipelines;
using System.Net;

namespace RouteGuide.Balancer.Proxy;

/// <summary>
/// A client's request body, which may be sent to another target as long as it is not committed to one. Nothing is copied: what was
/// sent stays unconsumed in the client stream's own pipe and is read again.
/// </summary>
internal sealed class RequestBody(PipeReader reader)
{
    /// <summary>Bytes kept for a further attempt; a body that is longer commits the call to its target.</summary>
    public const int ReplayLimit = 64 * 1024;

    private volatile bool _committed;
    private bool _examined;
    private Task _copying = Task.CompletedTask;

    /// <summary>Bytes that went to the target of the last attempt.</summary>
    public long Sent { get; private set; }

    /// <summary>Whether the whole body can still be sent to another target.</summary>
    public bool Replayable => !_committed;

    /// <summary>Reading failed: the client has reset its stream or is gone.</summary>
    public bool ClientGone { get; private set; }

    /// <summary>A target still takes from the client's stream.</summary>
    public bool IsCopying => !_copying.IsCompleted;

    /// <summary>Keeps nothing any more: the target has answered.</summary>
    public void Commit() => _committed = true;

    /// <summary>The content of one attempt.</summary>
    /// <param name="ending">Ends the sending; SocketsHttpHandler's own token does not once the response has come.</param>
    public HttpContent ForAttempt(CancellationToken ending) => new AttemptContent(this, ending);

    /// <summary>Waits until the sending of an attempt, which its token has ended, leaves the client's stream alone.</summary>
    public Task Stop() => _copying.IsCompleted ? Task.CompletedTask : _copying.ContinueWith(
        static copying => _ = copying.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    private async Task Copy(Stream target, CancellationToken ending, CancellationToken cancellation)
    {
        // What an earlier attempt has examined is not reported again by itself: a cancelled read returns it.
        if (_examined) reader.CancelPendingRead();
        Sent = 0;
        long kept = 0;
        while (true)
        {
            if (!TryRead(out var read)) read = await Wait(target, ending, cancellation);
            var buffer = read.Buffer;
            var consumed = buffer.Start;
            try
            {
                var fresh = buffer.Slice(kept);
                if (!await TryWrite(target, fresh, cancellation)) break;
                kept = buffer.Length;
                Sent += fresh.Length;
                if (kept > ReplayLimit) _committed = true;
                if (_committed)
                {
                    consumed = buffer.End;
                    kept = 0;
                }
            }
            finally
            {
                _examined = true;
                reader.AdvanceTo(consumed, buffer.End);
            }

            // The end is flushed by the handler, together with its END_STREAM.
            if (read.IsCompleted) return;
        }

        // The target takes no more. Why, and whether another may have the call, is said by the response or its failure alone, which
        // SocketsHttpHandler would not wait for if this ended with an exception.
        await Task.Delay(Timeout.Infinite, ending);
    }

    private static async ValueTask<bool> TryWrite(Stream target, ReadOnlySequence<byte> bytes, CancellationToken cancellation)
    {
        try
        {
            foreach (var segment in bytes) await target.WriteAsync(segment, cancellation);
            return true;
        }
        catch (Exception e) when (e is IOException or HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    private bool TryRead(out ReadResult read)
    {
        try
        {
            return reader.TryRead(out read);
        }
        catch
        {
            ClientGone = true;
            throw;
        }
    }

    /// <summary>Waits for the client. The target has all that there is before that: at first the headers.</summary>
    private async Task<ReadResult> Wait(Stream target, CancellationToken ending, CancellationToken cancellation)
    {
        var reading = reader.ReadAsync(ending).AsTask();
        try
        {
            await target.FlushAsync(cancellation);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or OperationCanceledException)
        {
            // As with a failed write, the verdict is not ours; the next write, or the end of the attempt, comes to the same.
        }

        try
        {
            return await reading;
        }
        catch when (!ending.IsCancellationRequested)
        {
            ClientGone = true;
            throw;
        }
    }

    /// <summary>Its length is not known, so that no content-length is made up; the client's own travels with its headers.</summary>
    private sealed class AttemptContent(RequestBody body, CancellationToken ending) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => body._copying = body.Copy(stream, ending, CancellationToken.None);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
            body._copying = body.Copy(stream, ending, cancellationToken);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
