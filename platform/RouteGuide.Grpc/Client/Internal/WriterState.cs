using System.Diagnostics.CodeAnalysis;

namespace Grpc.Net.Client.Internal;

/// <summary>The rules of a request stream: one write at a time, and none after it was completed.</summary>
internal sealed class WriterState
{
    private const int Idle = 0;
    private const int Writing = 1;
    private const int Completed = 2;

    private int _state;

    /// <summary>Begins a write; if that is not allowed now, <paramref name="refusal"/> says why.</summary>
    public bool TryBeginWrite([NotNullWhen(false)] out Exception? refusal)
    {
        refusal = Interlocked.CompareExchange(ref _state, Writing, Idle) switch
        {
            Writing => new InvalidOperationException("Can't write the message because the previous write is in progress."),
            Completed => new InvalidOperationException("Request stream has already been completed."),
            _ => null,
        };
        return refusal is null;
    }

    public void EndWrite() => Volatile.Write(ref _state, Idle);

    /// <summary>Completes the stream; false if that was done before, or if it is not allowed now, which <paramref name="refusal"/> explains.</summary>
    public bool TryComplete(out Exception? refusal)
    {
        var before = Interlocked.CompareExchange(ref _state, Completed, Idle);
        refusal = before == Writing
            ? new InvalidOperationException("Can't complete the client stream writer because the previous write is in progress.")
            : null;
        return before == Idle;
    }
}
