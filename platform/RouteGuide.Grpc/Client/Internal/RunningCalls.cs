namespace Grpc.Net.Client.Internal;

/// <summary>The calls of a channel that have not ended, as a list through the calls themselves: adding and removing one costs no memory.</summary>
internal sealed class RunningCalls : IDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _closed = new();
    private GrpcCall? _first;
    private bool _isClosed;

    // Taken once: a disposed source gives no token any more.
    public RunningCalls() => Closed = _closed.Token;

    /// <summary>Cancelled when the list is closed.</summary>
    public CancellationToken Closed { get; }

    public bool IsClosed => Volatile.Read(ref _isClosed);

    /// <summary>Adds a call; false if the channel is closed.</summary>
    public bool TryAdd(GrpcCall call)
    {
        lock (_gate)
        {
            if (_isClosed) return false;
            call.Next = _first;
            if (_first is not null) _first.Previous = call;
            _first = call;
            return true;
        }
    }

    /// <summary>Removes a call, if it is there.</summary>
    public void Remove(GrpcCall call)
    {
        lock (_gate)
        {
            if (call.Previous is null && _first != call) return;
            if (call.Previous is null) _first = call.Next;
            else call.Previous.Next = call.Next;
            if (call.Next is not null) call.Next.Previous = call.Previous;
            call.Previous = call.Next = null;
        }
    }

    /// <summary>Closes the list, and gives the calls that are in it; none the second time.</summary>
    public IReadOnlyList<GrpcCall> Close()
    {
        var calls = new List<GrpcCall>();
        lock (_gate)
        {
            if (_isClosed) return calls;
            _isClosed = true;
            for (var call = _first; call is not null; call = call.Next) calls.Add(call);
        }

        _closed.Cancel();
        return calls;
    }

    public void Dispose() => _closed.Dispose();
}
