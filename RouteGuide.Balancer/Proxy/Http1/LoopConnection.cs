using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using RouteGuide.Balancer.Proxy.Metering;
using RouteGuide.Http2.Transport;

namespace RouteGuide.Balancer.Proxy.Http1;

/// <summary>
/// A connection of an event loop, as Kestrel knows connections: two pipes. The loop's side never waits: where a pipe is full the channel
/// is not read, and what is to be sent stays in its pipe until the channel takes more, so that Kestrel waits.
/// </summary>
internal sealed class LoopConnection : ConnectionContext, IChannelHandler
{
    /// <summary>Octets in a pipe, either way, until whoever fills it has to wait. More than a request's head may have.</summary>
    public const int BufferSize = 64 * 1024;

    // Octets sent before other connections of the loop have their turn.
    private const int LargestTurn = 256 * 1024;

    private readonly IChannel _channel;
    private readonly LoopMeter _meter;
    private readonly Action _onOver;
    private readonly Pipe _received;
    private readonly Pipe _toSend;
    private readonly CancellationTokenSource _closed = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource? _room; // the channel holds octets of the pipe until it is set
    private bool _flushing; // Kestrel has not made room for what was received
    private bool _unwanted; // it reads nothing more
    private bool _over;

    /// <param name="channel">Its octets.</param>
    /// <param name="isTls">They came encrypted.</param>
    /// <param name="meter">Of the loop.</param>
    /// <param name="onOver">Called once.</param>
    public LoopConnection(IChannel channel, bool isTls, LoopMeter meter, Action onOver)
    {
        _meter = meter;
        _channel = channel;
        _onOver = onOver;
        var onLoop = new LoopScheduler(channel.Loop);
        _received = new Pipe(Options(readers: PipeScheduler.ThreadPool, writers: onLoop));
        _toSend = new Pipe(Options(readers: onLoop, writers: PipeScheduler.ThreadPool));
        Transport = new TwoPipes(_received.Reader, _toSend.Writer);
        ConnectionClosed = _closed.Token;
        RemoteEndPoint = channel.Remote;
        LocalEndPoint = channel.Local;
        Features.Set(ClientOrigin.Of(channel, isTls));
        // That it is there makes the scheme https.
        if (isTls) Features.Set<ITlsConnectionFeature>(new NoClientCertificate());
    }

    public override string ConnectionId { get; set; } = Guid.NewGuid().ToString("N");

    public override IFeatureCollection Features { get; } = new FeatureCollection();

    public override IDictionary<object, object?> Items { get; set; } = new ConnectionItems();

    public override IDuplexPipe Transport { get; set; }

    public override CancellationToken ConnectionClosed { get; set; }

    public override EndPoint? RemoteEndPoint { get; set; }

    public override EndPoint? LocalEndPoint { get; set; }

    /// <summary>On the loop's thread, as all that the channel calls.</summary>
    public void Start()
    {
        _channel.Start(this);
        _ = Send();
    }

    public void OnReceived(ReadOnlySpan<byte> octets)
    {
        _meter.ReceivedOctets += octets.Length;
        if (_over || _unwanted) return;
        _received.Writer.Write(octets);
        if (!_flushing) Flush();
    }

    public void OnSent() => _room?.TrySetResult();

    public void OnEnded(string? reason) => End(reason is null ? null : new ConnectionResetException(reason));

    public override void Abort(ConnectionAbortedException abortReason) => _channel.Loop.Post(() => Abort((Exception)abortReason));

    /// <summary>Kestrel is done with it; what it wrote leaves first.</summary>
    public override async ValueTask DisposeAsync()
    {
        await _received.Reader.CompleteAsync();
        await _toSend.Writer.CompleteAsync();
        await _ended.Task;
        await base.DisposeAsync();
    }

    private static PipeOptions Options(PipeScheduler readers, PipeScheduler writers) =>
        new(readerScheduler: readers, writerScheduler: writers, pauseWriterThreshold: BufferSize, resumeWriterThreshold: BufferSize / 2, useSynchronizationContext: false);

    private void Flush()
    {
        var flush = _received.Writer.FlushAsync();
        if (flush.IsCompletedSuccessfully)
        {
            _unwanted = flush.Result.IsCompleted;
            return;
        }

        _flushing = true;
        _channel.PauseReading();
        _ = AwaitRoom(flush);
    }

    private async Task AwaitRoom(ValueTask<FlushResult> flush)
    {
        var result = await flush.ConfigureAwait(false);
        await _channel.Loop.Enter();
        _flushing = false;
        _unwanted = result.IsCompleted;
        if (_over) return;
        _channel.ResumeReading();
        if (!_unwanted && _received.Writer.UnflushedBytes > 0) Flush();
    }

    private async Task Send()
    {
        try
        {
            await SendAll();
            if (!_over)
            {
                _channel.Close();
                End(null);
            }
        }
        catch (Exception e)
        {
            // Kestrel completes its pipe with an exception when it gives a connection up.
            if (e is not (IOException or OperationCanceledException)) _channel.Loop.Report(e);
            Abort(e);
        }

        await _toSend.Reader.CompleteAsync();
        _ended.TrySetResult();
    }

    private async Task SendAll()
    {
        var turn = 0L;
        while (true)
        {
            var read = await _toSend.Reader.ReadAsync().ConfigureAwait(false);
            await _channel.Loop.Enter();
            foreach (var octets in read.Buffer)
            {
                if (_over) return;
                _meter.SentOctets += octets.Length;
                if (_channel.TrySend(octets)) continue;
                _room = new TaskCompletionSource();
                await _room.Task.ConfigureAwait(false);
                await _channel.Loop.Enter();
                _room = null;
            }

            if (_over) return;
            turn += read.Buffer.Length;
            _toSend.Reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted) return;
            if (turn < LargestTurn) continue;
            turn = 0;
            var next = new TaskCompletionSource();
            _channel.Loop.Again(next.SetResult);
            await next.Task.ConfigureAwait(false);
        }
    }

    private void Abort(Exception reason)
    {
        if (_over) return;
        _channel.Abort();
        End(reason);
    }

    private void End(Exception? reason)
    {
        if (_over) return;
        _over = true;
        _received.Writer.Complete(reason);
        _toSend.Reader.CancelPendingRead();
        _room?.TrySetResult();
        // Whoever waits for the end runs on, for which the loop has no time.
        ThreadPool.UnsafeQueueUserWorkItem(static closed => closed.Cancel(), _closed, preferLocal: false);
        _onOver();
    }

    private sealed record TwoPipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed class NoClientCertificate : ITlsConnectionFeature
    {
        public X509Certificate2? ClientCertificate { get; set; }

        public Task<X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken) => Task.FromResult(ClientCertificate);
    }
}
