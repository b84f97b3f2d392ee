using System.Diagnostics.Tracing;
using Grpc.Core;
using Grpc.Internal;

namespace Grpc.Net.Client.Internal;

/// <summary>The event source of the client, under its official name. Each attempt of a call that is retried counts.</summary>
[EventSource(Name = "Grpc.Net.Client")]
internal sealed class ClientEventSource : CallEventSource
{
    public static readonly ClientEventSource Log = new();

    [Event(1, Level = EventLevel.Verbose)]
    public void CallStart(string method)
    {
        CountStart();
        if (IsEnabled(EventLevel.Verbose, EventKeywords.All)) WriteEvent(1, method);
    }

    [NonEvent]
    public void CallEnd(StatusCode code)
    {
        CountEnd(code);
        if (!IsEnabled()) return;
        if (code == StatusCode.DeadlineExceeded) CallDeadlineExceeded();
        if (code != StatusCode.OK) CallFailed((int)code);
        CallStop();
    }

    [Event(2, Level = EventLevel.Verbose)]
    private void CallStop() => WriteEvent(2);

    [Event(3, Level = EventLevel.Error)]
    private void CallFailed(int statusCode) => WriteEvent(3, statusCode);

    [Event(4, Level = EventLevel.Error)]
    private void CallDeadlineExceeded() => WriteEvent(4);

    [Event(5, Level = EventLevel.Verbose)]
    public void MessageSent()
    {
        CountSent();
        if (IsEnabled(EventLevel.Verbose, EventKeywords.All)) WriteEvent(5);
    }

    [Event(6, Level = EventLevel.Verbose)]
    public void MessageReceived()
    {
        CountReceived();
        if (IsEnabled(EventLevel.Verbose, EventKeywords.All)) WriteEvent(6);
    }

    /// <summary>Something failed on an event loop that no call could be told of.</summary>
    [Event(7, Level = EventLevel.Error)]
    public void LoopFailed(string error) => WriteEvent(7, error);
}
