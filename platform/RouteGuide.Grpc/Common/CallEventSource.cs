using System.Diagnostics.Tracing;
using Grpc.Core;

namespace Grpc.Internal;

/// <summary>
/// What both sides count of their calls, for <c>dotnet-counters</c> and other listeners of event counters. The events themselves have to
/// stand in each source: of a base class, <see cref="EventSource"/> reads none.
/// </summary>
internal abstract class CallEventSource : EventSource
{
    private readonly List<DiagnosticCounter> _counters = [];
    private long _total;
    private long _current;
    private long _failed;
    private long _deadlineExceeded;
    private long _sent;
    private long _received;

    protected void CountStart()
    {
        Interlocked.Increment(ref _total);
        Interlocked.Increment(ref _current);
    }

    protected void CountEnd(StatusCode code)
    {
        Interlocked.Decrement(ref _current);
        if (code != StatusCode.OK) Interlocked.Increment(ref _failed);
        if (code == StatusCode.DeadlineExceeded) Interlocked.Increment(ref _deadlineExceeded);
    }

    protected void CountSent() => Interlocked.Increment(ref _sent);

    protected void CountReceived() => Interlocked.Increment(ref _received);

    // Counters cost a timer: only when someone asks for them.
    protected override void OnEventCommand(EventCommandEventArgs command)
    {
        if (command.Command != EventCommand.Enable) return;
        lock (_counters)
        {
            if (_counters.Count == 0) AddCounters();
        }
    }

    protected virtual void AddCounters()
    {
        Add("total-calls", "Total Calls", () => Volatile.Read(ref _total));
        Add("current-calls", "Current Calls", () => Volatile.Read(ref _current));
        Add("calls-failed", "Total Calls Failed", () => Volatile.Read(ref _failed));
        Add("calls-deadline-exceeded", "Total Calls Deadline Exceeded", () => Volatile.Read(ref _deadlineExceeded));
        Add("messages-sent", "Total Messages Sent", () => Volatile.Read(ref _sent));
        Add("messages-received", "Total Messages Received", () => Volatile.Read(ref _received));
    }

    protected void Add(string name, string display, Func<double> value) => _counters.Add(new PollingCounter(name, this, value) { DisplayName = display });

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (var counter in _counters) counter.Dispose();
        }

        base.Dispose(disposing);
    }
}
