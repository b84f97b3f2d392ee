using Grpc.Core;

namespace Grpc.Net.Client.Internal.Retry;

/// <summary>
/// The requests of a repeated stream. The application appends; each attempt has a sender that goes through the log from its beginning and then waits for
/// more. As soon as there can be no other attempt, what all senders have sent is forgotten.
/// </summary>
internal sealed class RequestLog(RetryBudget budget)
{
    private readonly Lock _gate = new();
    private readonly List<BufferedMessage> _messages = [];
    private TaskCompletionSource _changed = NewSignal();

    // Positions count from the first message of the call; the list begins at _first.
    private readonly List<Sender> _senders = [];
    private long _first;
    private long _reserved;
    private bool _isComplete;
    private bool _isReplayable = true;
    private Exception? _closed;

    /// <summary>Appends a message. Its <see cref="BufferedMessage.Sent"/> says when it is gone.</summary>
    public void Append(BufferedMessage message)
    {
        lock (_gate)
        {
            if (_closed is not null)
            {
                message.Fail(_closed);
                return;
            }

            if (_isReplayable)
            {
                if (budget.TryReserve(_reserved, message.Size)) _reserved += message.Size;
                else StopReplaying();
            }

            _messages.Add(message);
            Signal();
        }
    }

    /// <summary>There will be no more messages.</summary>
    public void Complete()
    {
        lock (_gate)
        {
            _isComplete = true;
            Signal();
        }
    }

    /// <summary>Holds everything since the beginning for one more attempt; null if some of it is gone already.</summary>
    public Sender? TryJoin()
    {
        lock (_gate)
        {
            if (!_isReplayable) return null;
            var sender = new Sender();
            _senders.Add(sender);
            return sender;
        }
    }

    /// <summary>There will be no other attempt.</summary>
    public void Commit()
    {
        lock (_gate) StopReplaying();
    }

    /// <summary>The last attempt sends no more: what waits, and what comes, fails.</summary>
    public void Close(Exception error)
    {
        lock (_gate)
        {
            StopReplaying();
            _closed = error;
            foreach (var message in _messages) message.Fail(error);
            _messages.Clear();
        }
    }

    /// <summary>Sends the log to one attempt, until that has ended or the log is complete. Returns what stopped it; null for neither.</summary>
    public async Task<Exception?> SendAsync(Sender sender, IClientStreamWriter<BufferedMessage> writer, Task ended)
    {
        // Wakes the sender up while it waits for messages that nobody wants any more.
        _ = ended.ContinueWith(_ => Wake(), TaskScheduler.Default);
        try
        {
            while (true)
            {
                var (message, isComplete, changed) = Look(sender.Position);
                if (message is not null)
                {
                    writer.WriteOptions = message.Options;
                    await writer.WriteAsync(message).ConfigureAwait(false);
                    message.MarkSent();
                    Advance(sender);
                }
                else if (isComplete)
                {
                    await writer.CompleteAsync().ConfigureAwait(false);
                    return null;
                }
                else if (ended.IsCompleted)
                {
                    return null;
                }
                else
                {
                    await changed.ConfigureAwait(false);
                }
            }
        }
        catch (Exception e)
        {
            // The attempt has failed: whether it is the last one is decided elsewhere.
            return e;
        }
        finally
        {
            Leave(sender);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private (BufferedMessage? Message, bool IsComplete, Task Changed) Look(long position)
    {
        lock (_gate)
        {
            var index = (int)(position - _first);
            return (index < _messages.Count ? _messages[index] : null, _isComplete, _changed.Task);
        }
    }

    private void Leave(Sender sender)
    {
        lock (_gate)
        {
            _senders.Remove(sender);
            if (!_isReplayable) Trim();
        }
    }

    private void Advance(Sender sender)
    {
        lock (_gate)
        {
            sender.Position++;
            if (!_isReplayable) Trim();
        }
    }

    private void Wake()
    {
        lock (_gate) Signal();
    }

    private void Signal()
    {
        _changed.TrySetResult();
        _changed = NewSignal();
    }

    private void StopReplaying()
    {
        if (!_isReplayable) return;
        _isReplayable = false;
        budget.Release(_reserved);
        _reserved = 0;
        Trim();
    }

    private void Trim()
    {
        // Without a sender it is not known yet where the next one begins.
        if (_senders.Count == 0) return;
        var count = (int)Math.Min(_senders.Min(sender => sender.Position) - _first, _messages.Count);
        if (count <= 0) return;
        _messages.RemoveRange(0, count);
        _first += count;
    }

    /// <summary>How far an attempt has come.</summary>
    internal sealed class Sender
    {
        public long Position { get; set; }
    }
}
