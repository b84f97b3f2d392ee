using System.Net;
using Grpc.Internal;

namespace Grpc.Net.Client.Internal;

/// <summary>A request body that stays open: it hands HttpClient's stream to the writer and ends when it is told to.</summary>
internal sealed class StreamingContent : HttpContent
{
    private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private TaskCompletionSource<Stream>? _opened;
    private Stream? _stream;
    private bool _isTaken;
    private bool _isAborted;

    public StreamingContent() => Headers.TryAddWithoutValidation("Content-Type", GrpcContentType.Value);

    /// <summary>The stream to write messages to, as soon as there is a connection.</summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public ValueTask<Stream> OpenAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_isAborted) return ValueTask.FromCanceled<Stream>(new CancellationToken(canceled: true));
            if (_stream is not null)
            {
                _isTaken = true;
                return ValueTask.FromResult(_stream);
            }

            _opened ??= new TaskCompletionSource<Stream>(TaskCreationOptions.RunContinuationsAsynchronously);
            return new ValueTask<Stream>(_opened.Task.WaitAsync(cancellationToken));
        }
    }

    /// <summary>Ends the body: the server sees the end of the stream.</summary>
    public void Complete() => _end.TrySetResult();

    /// <summary>Breaks the body off, unless it has ended.</summary>
    public void Abort()
    {
        lock (_gate)
        {
            _isAborted = true;
            _opened?.TrySetCanceled();
        }

        _end.TrySetCanceled();
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, default);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (await TryFlushAsync(stream, cancellationToken).ConfigureAwait(false)) Open(stream);
        // Not with the token: HttpClient cancels it when the server resets the stream, and a body that fails first would hide the server's reason.
        // Whatever the reason, the end of the call ends this.
        await _end.Task.ConfigureAwait(false);
    }

    // The server should see the call now, not only with the first message. It may have reset the stream already.
    private static async ValueTask<bool> TryFlushAsync(Stream stream, CancellationToken cancellationToken)
    {
        try
        {
            await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    private void Open(Stream stream)
    {
        lock (_gate)
        {
            // HttpClient sends a refused request again on another connection. Messages that went into the first are gone.
            if (_isTaken) throw new IOException("The request stream cannot be sent again: messages have been written to it.");
            _stream = stream;
            if (_opened is null) return;
            _isTaken = true;
            _opened.TrySetResult(stream);
        }
    }
}
