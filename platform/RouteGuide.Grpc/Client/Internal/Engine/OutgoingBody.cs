using System.Buffers;
using Grpc.Internal;

namespace Grpc.Net.Client.Internal.Engine;

/// <summary>
/// The messages of a request on their way from the caller to the loop. What the caller writes is appended to one buffer, and the loop takes
/// that as a whole and leaves its own in its place. Until the server has answered, a little of what was sent is kept, for another connection.
/// </summary>
internal sealed class OutgoingBody
{
    // Octets not sent yet with which a writer has to wait.
    private const int MaxUnsent = 64 * 1024;

    // Octets of a stream that are kept for another attempt. A single message is kept whatever its size: it is there anyway.
    private const int MaxKept = 64 * 1024;

    private readonly Lock _gate = new();
    private PooledBuffer? _written;
    private TaskCompletionSource? _room;
    private int _unsent; // octets that the loop has taken and not sent, as of its last turn
    private bool _isComplete;
    private bool _isClosed;

    // Of the loop.
    private PooledBuffer? _taken;
    private int _sent; // octets of it
    private bool _isAll; // nothing comes behind it
    private bool _isCommitted; // nothing is kept

    /// <summary>Gives the only message.</summary>
    public void WriteOnly(PooledBuffer message)
    {
        lock (_gate)
        {
            _written = message;
            _isComplete = true;
        }
    }

    /// <summary>Appends a message.</summary>
    /// <param name="message">Copied.</param>
    /// <param name="isMuch">It is time that the loop looks at it.</param>
    /// <returns>What has to be waited for before the next; null for nothing.</returns>
    public Task? Write(ReadOnlySpan<byte> message, out bool isMuch)
    {
        lock (_gate)
        {
            isMuch = false;
            if (_isClosed) return null;
            _written ??= new PooledBuffer();
            _written.Write(message);
            isMuch = _unsent + _written.Length > MaxUnsent;
            if (!isMuch) return null;
            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _room.Task;
        }
    }

    public void Complete()
    {
        lock (_gate) _isComplete = true;
    }

    /// <summary>What is to be sent next; with <paramref name="isLast"/> it is the end. The loop.</summary>
    public ReadOnlySpan<byte> Next(int max, out bool isLast)
    {
        if (_taken is null || _sent == _taken.Length) Take();
        var left = _taken is null ? default : _taken.WrittenSpan[_sent..];
        isLast = _isAll && left.Length <= max;
        return left.Length > max ? left[..max] : left;
    }

    /// <summary>Octets were sent. The loop.</summary>
    public void Advance(int count) => _sent += count;

    /// <summary>Lets a writer go on for which there is room now. The loop, when it has sent what it could.</summary>
    public void Settle()
    {
        TaskCompletionSource? room = null;
        lock (_gate)
        {
            _unsent = _taken is null ? 0 : _taken.Length - _sent;
            if (_room is not null && _unsent + (_written?.Length ?? 0) <= MaxUnsent) (room, _room) = (_room, null);
        }

        room?.SetResult();
    }

    /// <summary>The server has answered: there will be no other attempt. The loop.</summary>
    public void Commit() => _isCommitted = true;

    /// <summary>Begins again, if all that was sent has been kept. The loop.</summary>
    public bool TryRewind()
    {
        if (_isCommitted) return false;
        _sent = 0;
        return true;
    }

    /// <summary>Nothing is sent any more; who waits for room goes on. The loop, or whoever knows that it does not use it.</summary>
    public void Close()
    {
        TaskCompletionSource? room;
        lock (_gate)
        {
            _isClosed = true;
            _written?.Dispose();
            _written = null;
            (room, _room) = (_room, null);
        }

        room?.SetResult();
        _taken?.Dispose();
        _taken = null;
        _sent = 0;
    }

    private void Take()
    {
        lock (_gate)
        {
            _isAll = _isComplete;
            if (_written is not { Length: > 0 } written) return;
            if (_taken is null)
            {
                (_taken, _written) = (written, null);
            }
            else if (!_isCommitted && _taken.Length + written.Length <= MaxKept)
            {
                _taken.Write(written.WrittenSpan);
                written.Clear();
            }
            else
            {
                _isCommitted = true;
                (_taken, _written) = (written, _taken);
                _written.Clear();
                _sent = 0;
            }
        }
    }
}
