using System.Buffers.Binary;
using System.Text;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Bench.Simulation;

/// <summary>
/// A replica that works on some calls at once; the others wait for their turn there. It reports its load as gRPC's ORCA has it: calls a second
/// and the part of its workers that are busy, both of about the last second.
/// </summary>
/// <param name="target">What the balancer knows of it.</param>
/// <param name="behaviour">How it behaves.</param>
internal sealed class SimulatedReplica(Target target, ReplicaBehaviour behaviour)
{
    /// <summary>Calls that it works on at once.</summary>
    public const int Workers = 8;

    private const double WindowTicks = TimeSpan.TicksPerSecond;

    private readonly Queue<SimulatedCall> _waiting = new();
    private long _seenAt;
    private double _busyShare;
    private double _rate;
    private int _busy;

    public Target Target => target;

    public ReplicaBehaviour Behaviour => behaviour;

    /// <summary>A call comes.</summary>
    /// <returns>It is worked on at once.</returns>
    public bool TryStart(SimulatedCall call, long now)
    {
        See(now);
        if (_busy == Workers)
        {
            _waiting.Enqueue(call);
            return false;
        }

        _busy++;
        return true;
    }

    /// <summary>A call is done.</summary>
    /// <returns>The one that is worked on next; null if none waits.</returns>
    public SimulatedCall? Finish(long now)
    {
        See(now);
        _rate += TimeSpan.TicksPerSecond / WindowTicks;
        if (_waiting.TryDequeue(out var next)) return next;
        _busy--;
        return null;
    }

    /// <summary>The value of <c>endpoint-load-metrics-bin</c>.</summary>
    public byte[] Report()
    {
        var report = new byte[18];
        report[0] = 6 << 3 | 1;
        BinaryPrimitives.WriteDoubleLittleEndian(report.AsSpan(1), _rate);
        report[9] = 9 << 3 | 1;
        BinaryPrimitives.WriteDoubleLittleEndian(report.AsSpan(10), _busyShare);
        return Encoding.ASCII.GetBytes(Convert.ToBase64String(report));
    }

    private void See(long now)
    {
        var kept = Math.Exp(-(now - _seenAt) / WindowTicks);
        _busyShare = _busyShare * kept + (double)_busy / Workers * (1 - kept);
        _rate *= kept;
        _seenAt = now;
    }
}

/// <summary>A call on its way.</summary>
internal sealed record SimulatedCall(SimulatedReplica Replica, long ArrivedAt, double Work);

/// <summary>How a replica behaves.</summary>
/// <param name="Slowness">What its work takes, as a multiple of the others'.</param>
/// <param name="PauseEvery">Between the beginnings of two pauses, as of a garbage collector; zero for none.</param>
/// <param name="PauseFor">How long it then begins nothing.</param>
internal sealed record ReplicaBehaviour(double Slowness, TimeSpan PauseEvery, TimeSpan PauseFor)
{
    public static readonly ReplicaBehaviour Ordinary = new(1, TimeSpan.Zero, TimeSpan.Zero);

    /// <summary>When work is done that begins now.</summary>
    public long EndOf(long now, double work)
    {
        var begin = now;
        if (PauseEvery > TimeSpan.Zero && now % PauseEvery.Ticks < PauseFor.Ticks) begin = now - now % PauseEvery.Ticks + PauseFor.Ticks;
        return begin + (long)(work * Slowness);
    }
}
