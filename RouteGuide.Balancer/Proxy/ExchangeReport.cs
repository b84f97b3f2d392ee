using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Routing.Rules;
using RouteGuide.Http2.Hpack;

namespace RouteGuide.Balancer.Proxy;

/// <summary>Who ended a call, and how.</summary>
internal enum ExchangeEnd
{
    /// <summary>The target's response went down to its end.</summary>
    Completed,

    /// <summary>The client reset the stream or went away.</summary>
    ClientGone,

    /// <summary>The target reset the stream.</summary>
    TargetReset,

    /// <summary>The connection to the target broke.</summary>
    TargetLost,

    /// <summary>The response of the target could not be passed on.</summary>
    TargetInvalid,

    /// <summary>No target could take the call.</summary>
    NoTarget,

    /// <summary>The deadline passed before a target had answered.</summary>
    Deadline,

    /// <summary>The balancer stops.</summary>
    Shutdown,

    /// <summary>The balancer does not carry such requests.</summary>
    Refused,

    /// <summary>Nothing came from either side for as long as its rule allows.</summary>
    Idle,

    /// <summary>There were more calls than its rule lets through.</summary>
    RateLimited,

    /// <summary>Every target had as many calls as it may have, and no more could wait, or not as long.</summary>
    Overloaded,

    /// <summary>A rule answered.</summary>
    ByRule,
}

/// <summary>What is known of a call when it has ended.</summary>
internal readonly record struct ExchangeReport
{
    // Nobody adds to it.
    private static readonly List<AttemptReport> None = [];

    /// <summary>The connection that it came by.</summary>
    public required ClientOrigin Client { get; init; }

    /// <summary>How it came.</summary>
    public required CallType Type { get; init; }

    /// <summary>The request's headers as they came by HTTP/2, or as they went on; good until <see cref="IExchangeLog.Write"/> returns. Null when they were not understood, or came otherwise.</summary>
    public HeaderList? Request { get; init; }

    /// <summary>What was sent on of it by HTTP/2; good as long as <see cref="Request"/>. Null if nothing was to be.</summary>
    public RequestRelay? Relay { get; init; }

    /// <summary>The <c>traceparent</c> that a target of HTTP/1.1 saw, or was to see; null if none was.</summary>
    public string? TraceParent { get; init; }

    /// <summary>The response's header fields, where it was made of such; good as long as <see cref="Request"/>.</summary>
    public IHeaderDictionary? ResponseFields { get; init; }

    /// <summary>The request's header fields, where it came by HTTP/1; good as long as <see cref="Request"/>.</summary>
    public IHeaderDictionary? Fields { get; init; }

    public string Method { get => field ?? Request?.Text(KnownHeader.Method) ?? "-"; init; }

    /// <summary>Path and query, as they were written.</summary>
    public string Path { get => field ?? Request?.Text(KnownHeader.Path) ?? "-"; init; }

    /// <summary>The code that the client saw; 0 when it saw none.</summary>
    public int HttpStatus { get; init; }

    /// <summary>The rule that it went by; null if it did not get that far.</summary>
    public Rule? Rule { get; init; }

    /// <summary>Where a rule sent the client; else null.</summary>
    public string? Location { get; init; }

    /// <summary>Where it was to go; null if that was not decided.</summary>
    public ProxyGroup? Group { get; init; }

    /// <summary>Each attempt, in the order in which they began, but the one whose answer went to the client last; good as long as <see cref="Request"/>.</summary>
    public List<AttemptReport> Tries { get => field ?? None; init; }

    /// <summary>Times that it was sent to a target, or was to be.</summary>
    public int Attempts => Tries.Count;

    /// <summary>Of the last attempt; null when there was none.</summary>
    public Target? Target => Tries is { Count: > 0 and var count } ? Tries[count - 1].Target : null;

    public required ExchangeEnd End { get; init; }

    /// <summary>What was noted on the way; good as long as <see cref="Request"/>. Null if nothing was.</summary>
    public CallNotes? Notes { get; init; }

    /// <summary>As it stood in the trailers or headers; null when there was none.</summary>
    public string? GrpcStatus { get; init; }

    /// <summary>When it began, timestamp of the clock.</summary>
    public long StartedAt { get; init; }

    /// <summary>When it had ended, timestamp of the clock.</summary>
    public long EndedAt { get; init; }

    /// <summary>Between the two.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>Body bytes from the client that went to the target.</summary>
    public long RequestBytes { get; init; }

    /// <summary>Body bytes from the target that went to the client.</summary>
    public long ResponseBytes { get; init; }
}

/// <summary>What is known of one attempt when its call has ended.</summary>
/// <param name="Target">Where it went.</param>
/// <param name="Outcome">How it ended, and how long it took.</param>
/// <param name="Picked">Ticks of 100 ns from the call's begin to the pick.</param>
/// <param name="Sent">Ticks of 100 ns from the call's begin until its headers went into a connection; -1 if they did not.</param>
internal readonly record struct AttemptReport(Target Target, CallOutcome Outcome, long Picked, long Sent);

/// <summary>Is told of each call when it has ended.</summary>
internal interface IExchangeLog
{
    /// <summary>Somebody reads what is written.</summary>
    bool IsEnabled { get; }

    /// <param name="slot">Of the thread, as in <see cref="Routing.Metering.Slots{T}"/>; those of 0 may be many at once.</param>
    /// <param name="report">What became of the call.</param>
    void Write(int slot, in ExchangeReport report);
}
