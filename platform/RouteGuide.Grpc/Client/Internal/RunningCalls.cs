namespace Grpc.Net.Client.Internal;

/// <summary>The calls of a channel that have not ended, as a list through the calls themselves: adding and removing one costs no memory.</summary>
internal sealed class RunningCalls
{
    private readonly Lock _gate = new();
    private GrpcCall? _first;
    private bool _isClosed;

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

    /// <summary>Closes the list, and gives the calls that are in it.</summary>
    public IReadOnlyList<GrpcCall> Close()
    {
        var calls = new List<GrpcCall>();
        lock (_gate)
        {
            _isClosed = true;
            for (var call = _first; call is not null; call = call.Next) calls.Add(call);
        }

        return calls;
    }
}
