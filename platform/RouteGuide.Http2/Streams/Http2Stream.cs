using System.Diagnostics;
using RouteGuide.Http2.Hpack;

namespace RouteGuide.Http2.Streams;

/// <summary>
/// One stream of a connection. Objects are used again: a reference is good until <see cref="IHttp2Handler.OnClosed"/> returns and must be
/// dropped there.
/// </summary>
/// <param name="memory">Is told what the stream holds.</param>
internal sealed class Http2Stream(MemoryLedger? memory = null)
{
    /// <summary>1 and up; 0 while the object lies in the pool.</summary>
    public int Id { get; private set; }

    public StreamState State { get; private set; }

    /// <summary>Whatever the handler needs to find its own side of the stream.</summary>
    public object? Tag { get; set; }

    /// <summary>Octets of DATA received and not yet reported as consumed.</summary>
    public int Unconsumed { get; internal set; }

    /// <summary>Octets of those that the connection's window has not been given back yet.</summary>
    internal int DueToConnection;

    /// <summary>Octets of DATA that wait to be sent.</summary>
    public int PendingLength => Pending.Length;

    /// <summary>What may be sent.</summary>
    internal FlowWindow SendWindow;

    /// <summary>What may be received.</summary>
    internal ReceiveWindow ReceiveWindow;

    /// <summary>DATA that waits to be sent.</summary>
    internal ChunkQueue Pending { get; } = new(memory);

    /// <summary>Trailers that wait for <see cref="Pending"/> to be sent.</summary>
    internal HeaderList? PendingTrailers;

    /// <summary>END_STREAM goes out with the last of <see cref="Pending"/>.</summary>
    internal bool PendingEnd;

    /// <summary>Milliseconds: since when DATA waits for the peer's window; 0 if it does not.</summary>
    internal long StalledSince;

    /// <summary>The (final) header section has been received: what follows is trailers.</summary>
    internal bool HeadersReceived;

    /// <summary>The (final) header section has been sent.</summary>
    internal bool HeadersSent;

    /// <summary>Octets of content still due by content-length; -1 if it was not given or does not bind.</summary>
    internal long ContentDue;

    /// <summary>The request was HEAD.</summary>
    internal bool IsHead;

    /// <summary>The neighbours in the queue of streams that could send; of a closed stream, the next to go back into the pool.</summary>
    internal Http2Stream? Next;
    internal Http2Stream? Previous;

    /// <summary>It is in that queue.</summary>
    internal bool IsReady;

    /// <summary>Nothing more will be given to send: END_STREAM is sent or waits.</summary>
    internal bool IsEndGiven => PendingEnd || PendingTrailers is not null || !State.CanSend();

    internal void Open(int id, int sendWindow, int receiveWindow)
    {
        Debug.Assert(Id == 0 && Pending.IsEmpty, "a pooled stream is clean");
        Id = id;
        State = StreamState.Idle;
        SendWindow = new FlowWindow(sendWindow);
        ReceiveWindow = new ReceiveWindow(receiveWindow);
        ContentDue = -1;
        Move(StreamEvent.Headers);
    }

    internal void Move(StreamEvent what)
    {
        var legal = StreamStates.TryNext(State, what, out var next);
        Debug.Assert(legal, "callers check what the peer or the handler may do");
        State = next;
    }

    internal void Recycle()
    {
        Id = 0;
        State = StreamState.Idle;
        Tag = null;
        Unconsumed = DueToConnection = 0;
        Pending.Clear();
        PendingTrailers = null;
        PendingEnd = false;
        StalledSince = 0;
        HeadersReceived = HeadersSent = false;
        IsHead = false;
        Debug.Assert(!IsReady, "a closed stream has left the queue");
        Next = Previous = null;
    }
}
