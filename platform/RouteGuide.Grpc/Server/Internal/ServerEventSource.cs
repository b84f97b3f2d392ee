using System.Diagnostics.Tracing;
using Grpc.Core;
using Grpc.Internal;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>The event source of the server, under its official name.</summary>
[EventSource(Name = "Grpc.AspNetCore.Server")]
internal sealed class ServerEventSource : CallEventSource
{
    public static readonly ServerEventSource Log = new();

    private long _unimplemented;

    [NonEvent]
    public void CallBegin(ServerCallContext call)
    {
        CountStart();
        if (IsEnabled(EventLevel.Verbose, EventKeywords.All)) CallStart(call.Method);
    }

    [Event(1, Level = EventLevel.Verbose)]
    private void CallStart(string method) => WriteEvent(1, method);

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

    [Event(7, Level = EventLevel.Verbose)]
    public void CallUnimplemented(string method)
    {
        Interlocked.Increment(ref _unimplemented);
        if (IsEnabled(EventLevel.Verbose, EventKeywords.All)) WriteEvent(7, method);
    }

    protected override void AddCounters()
    {
        base.AddCounters();
        Add("calls-unimplemented", "Total Calls Unimplemented", () => Volatile.Read(ref _unimplemented));
    }
}
