using System.Diagnostics.Metrics;

namespace RouteGuide.Balancer.Proxy.Metering;

/// <summary>
/// Everything that is counted of the data path, apart from what targets and groups keep themselves (<see cref="Routing.Metering"/>). It
/// is added up when somebody looks.
/// </summary>
internal sealed class MeterBook
{
    /// <summary>gRPC methods with a name of their own by default.</summary>
    public const int DefaultMethods = 200;

    private readonly Lock _adding = new();
    private LoopMeter[] _loops;
    private long _acceptedConnections;
    private long _rejectedConnections;
    private long _openConnections;
    private long _clientTlsErrors;

    /// <param name="time">For what is of the last seconds.</param>
    /// <param name="maxMethods">gRPC methods with a name of their own.</param>
    /// <param name="responseTime">Is told each target's response time, seconds; null if nobody wants it.</param>
    public MeterBook(TimeProvider? time = null, int maxMethods = DefaultMethods, Histogram<double>? responseTime = null)
    {
        Time = time ?? TimeProvider.System;
        Methods = new MethodBook(maxMethods);
        ResponseTime = responseTime;
        Shared = new LoopMeter(this, 0);
        _loops = [Shared];
    }

    public TimeProvider Time { get; }

    public MethodBook Methods { get; }

    public Histogram<double>? ResponseTime { get; }

    /// <summary>For threads that are no event loop; they take a lock of it.</summary>
    public LoopMeter Shared { get; }

    public IReadOnlyList<LoopMeter> Loops => Volatile.Read(ref _loops);

    /// <summary>Client connections that were taken.</summary>
    public long AcceptedConnections => Interlocked.Read(ref _acceptedConnections);

    /// <summary>Client connections that were closed as they came.</summary>
    public long RejectedConnections => Interlocked.Read(ref _rejectedConnections);

    /// <summary>Client connections that are open.</summary>
    public long OpenConnections => Interlocked.Read(ref _openConnections);

    /// <summary>Handshakes of clients that failed.</summary>
    public long ClientTlsErrors => Interlocked.Read(ref _clientTlsErrors);

    /// <summary>Counts of an event loop.</summary>
    public LoopMeter NewLoop()
    {
        lock (_adding)
        {
            var loop = new LoopMeter(this, _loops.Length);
            Volatile.Write(ref _loops, [.. _loops, loop]);
            return loop;
        }
    }

    public void OnAccepted()
    {
        Interlocked.Increment(ref _acceptedConnections);
        Interlocked.Increment(ref _openConnections);
    }

    public void OnRejected() => Interlocked.Increment(ref _rejectedConnections);

    public void OnClosed() => Interlocked.Decrement(ref _openConnections);

    public void OnClientTlsError() => Interlocked.Increment(ref _clientTlsErrors);

    /// <summary>One number of all loops.</summary>
    public long Sum(Func<LoopMeter, long> number) => Loops.Sum(number);
}
