using System.Net;
using System.Text;
using RouteGuide.Balancer.Http2.Hpack;
using RouteGuide.Balancer.Routing;

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
}

/// <summary>What is known of a call when it has ended.</summary>
internal readonly record struct ExchangeReport
{
    /// <summary>The client's end of its connection.</summary>
    public required IPEndPoint Client { get; init; }

    /// <summary>The request's headers as they came by HTTP/2; good until <see cref="IExchangeLog.Write"/> returns. Null when they were not understood, or came otherwise.</summary>
    public HeaderList? Request { get; init; }

    public string Method { get => field ?? Request?.Text(KnownHeader.Method) ?? "-"; init; }

    /// <summary>As it was written, without the query.</summary>
    public string Path
    {
        get
        {
            if (field is not null) return field;
            var index = Request?.IndexOf(KnownHeader.Path) ?? -1;
            if (index < 0) return "-";
            var path = Request!.Value(index);
            var query = path.IndexOf((byte)'?');
            return Encoding.Latin1.GetString(query < 0 ? path : path[..query]);
        }

        init;
    }

    /// <summary>The code that the client saw; 0 when it saw none.</summary>
    public int HttpStatus { get; init; }

    /// <summary>Null when there was none.</summary>
    public Target? Target { get; init; }

    public required ExchangeEnd End { get; init; }

    /// <summary>As it stood in the trailers or headers; null when there was none.</summary>
    public string? GrpcStatus { get; init; }

    public TimeSpan Duration { get; init; }

    /// <summary>Body bytes from the client that went to the target.</summary>
    public long RequestBytes { get; init; }

    /// <summary>Body bytes from the target that went to the client.</summary>
    public long ResponseBytes { get; init; }

    /// <summary>Targets that the call was sent to.</summary>
    public int Attempts { get; init; }

    /// <summary>Each attempt, in the order in which they began; good until <see cref="IExchangeLog.Write"/> returns.</summary>
    public IReadOnlyList<AttemptReport> Tries { get; init; } = [];

    public ExchangeReport()
    {
    }
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

    void Write(in ExchangeReport report);
}
