using Grpc.Core;

namespace Grpc.Net.Client.Balancer;

/// <summary>Picks the server of each call. Any number of threads ask at the same time, and none may wait.</summary>
public abstract class SubchannelPicker
{
    /// <summary>Picks a server.</summary>
    /// <param name="context">The call.</param>
    public abstract PickResult Pick(PickContext context);
}

/// <summary>A call that needs a server.</summary>
public sealed class PickContext
{
    /// <summary>Creates a context.</summary>
    public PickContext()
    {
    }

    /// <summary>The request that is about to be sent.</summary>
    public HttpRequestMessage? Request { get; set; }
}

/// <summary>What a picker says.</summary>
public enum PickResultType
{
    /// <summary>There is a server.</summary>
    Complete = 0,

    /// <summary>The call waits for another picker.</summary>
    Queue = 1,

    /// <summary>The call fails, unless it waits for a connection.</summary>
    Fail = 2,

    /// <summary>The call fails.</summary>
    Drop = 3,
}

/// <summary>The answer of a picker.</summary>
public sealed class PickResult
{
    private static readonly PickResult Queued = new(PickResultType.Queue, null, Status.DefaultSuccess, null);

    private PickResult(PickResultType type, Subchannel? subchannel, Status status, ISubchannelCallTracker? subchannelCallTracker)
    {
        Type = type;
        Subchannel = subchannel;
        Status = status;
        SubchannelCallTracker = subchannelCallTracker;
    }

    /// <summary>Which answer it is.</summary>
    public PickResultType Type { get; }

    /// <summary>The server, if there is one.</summary>
    public Subchannel? Subchannel { get; }

    /// <summary>Why the call fails, if it does.</summary>
    public Status Status { get; }

    /// <summary>Hears of the call's beginning and end; null for nobody.</summary>
    public ISubchannelCallTracker? SubchannelCallTracker { get; }

    /// <summary>The call goes to a server.</summary>
    /// <param name="subchannel">The server.</param>
    /// <param name="subchannelCallTracker">Hears of the call's beginning and end; null for nobody.</param>
    /// <exception cref="ArgumentNullException">The subchannel is null.</exception>
    public static PickResult ForSubchannel(Subchannel subchannel, ISubchannelCallTracker? subchannelCallTracker = null)
    {
        ArgumentNullException.ThrowIfNull(subchannel);
        return new PickResult(PickResultType.Complete, subchannel, Status.DefaultSuccess, subchannelCallTracker);
    }

    /// <summary>The call fails, unless it waits for a connection.</summary>
    /// <param name="status">Why.</param>
    /// <exception cref="ArgumentException">The status is OK.</exception>
    public static PickResult ForFailure(Status status) => new(PickResultType.Fail, null, NotOk(status), null);

    /// <summary>The call fails, whether it waits or not.</summary>
    /// <param name="status">Why.</param>
    /// <exception cref="ArgumentException">The status is OK.</exception>
    public static PickResult ForDrop(Status status) => new(PickResultType.Drop, null, NotOk(status), null);

    /// <summary>The call waits for another picker.</summary>
    public static PickResult ForQueue() => Queued;

    private static Status NotOk(Status status) => status.StatusCode == StatusCode.OK
        ? throw new ArgumentException("A call cannot fail with the status OK.", nameof(status))
        : status;
}

/// <summary>Hears of the calls that go to a server.</summary>
public interface ISubchannelCallTracker
{
    /// <summary>The call is about to be sent.</summary>
    void Start();

    /// <summary>The call has ended.</summary>
    /// <param name="context">How.</param>
    void Complete(CompletionContext context);
}

/// <summary>How a call has ended.</summary>
public sealed class CompletionContext
{
    /// <summary>Creates a context.</summary>
    public CompletionContext()
    {
    }

    /// <summary>Where the call went.</summary>
    public BalancerAddress? Address { get; set; }

    /// <summary>What went wrong; null for nothing.</summary>
    public Exception? Error { get; set; }
}
