using RouteGuide.Balancer.Proxy;
using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Routing.Rules;

namespace RouteGuide.Balancer.Telemetry.AccessLogs;

/// <summary>The texts of a record, in the order in which their octets lie behind one another.</summary>
internal enum RecordText
{
    Method,
    Path,
    Host,
    UserAgent,
    TraceParent,

    /// <summary><c>address:port</c> of each target that was tried, separated by spaces.</summary>
    Targets,

    /// <summary>The HTTP status of each of them, a hyphen where there is none.</summary>
    TargetStatuses,

    /// <summary>As the target sent it, percent-encoded.</summary>
    GrpcMessage,
}

/// <summary>What one line is made of. Its texts are octets in the ring that holds it.</summary>
internal struct AccessRecord
{
    public const int TextCount = (int)RecordText.GrpcMessage + 1;

    public ClientOrigin Client;
    public string? Group;
    public string? GrpcStatus;

    /// <summary>Why the balancer ended the call itself; null if it did not.</summary>
    public string? Reason;

    /// <summary>The one that fitted; null if none was looked for.</summary>
    public Rule? Rule;

    /// <summary>Where a redirect leads.</summary>
    public string? RedirectUrl;

    /// <summary>Timestamps of the clock.</summary>
    public long StartedAt;
    public long EndedAt;

    /// <summary>Ticks of 100 ns; -1 where there was none.</summary>
    public long ToTarget;
    public long InTarget;
    public long ToClient;
    public long Duration;

    /// <summary>Octets.</summary>
    public long Received;
    public long Sent;

    public int HttpStatus;
    public int TargetStatus;
    public int Attempts;
    public CallType Type;
    public ExchangeEnd End;

    /// <summary>Where its texts begin in the ring's octets.</summary>
    public int TextsAt;

    /// <summary>The ring's position behind them.</summary>
    public long TextsEnd;

    /// <summary>Octets of each text.</summary>
    public TextLengths Lengths;

    [System.Runtime.CompilerServices.InlineArray(TextCount)]
    public struct TextLengths
    {
        private ushort _first;
    }
}
