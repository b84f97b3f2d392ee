using System.Net.Sockets;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Health;

/// <summary>
/// A target that could not be connected to, or whose connection broke, gets no further calls until a connection succeeds: not the
/// next thousand callers find out that it is gone, but attempts in the background, at growing distance.
/// </summary>
/// <param name="targets">Of one group.</param>
/// <param name="probes">It finds out itself who is back, by a TCP connection; else whoever holds connections tells it.</param>
/// <param name="time">For the distances.</param>
/// <param name="logger">Is told who is avoided and why.</param>
internal sealed class SuspectWatch(TargetTable targets, bool probes, TimeProvider time, ILogger<SuspectWatch> logger)
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Avoids the target from now on, until a connection stands again or it is gone.</summary>
    public void Report(Target target, string reason)
    {
        if (!targets.SetSuspect(target, true)) return;
        logger.LogWarning("Target {Target} is avoided until a connection to it stands: {Reason}", target, reason);
        if (probes) _ = Probe(target);
    }

    public bool IsSuspect(Target target) => targets.Current.Entries.Any(e => e.Target == target && e.Suspect);

    /// <summary>A connection to the target stands.</summary>
    public void Clear(Target target)
    {
        if (targets.SetSuspect(target, false)) logger.LogInformation("Target {Target} can be reached again", target);
    }

    private async Task Probe(Target target)
    {
        for (var delay = FirstDelay; !target.IsClosed; delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay)
        {
            if (await Accepts(target.Address))
            {
                Clear(target);
                return;
            }

            await Task.Delay(delay, time);
        }
    }

    private async Task<bool> Accepts(TargetAddress address)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        using var limit = new CancellationTokenSource(ConnectTimeout, time);
        try
        {
            await socket.ConnectAsync(address.Host, address.Port, limit.Token);
            return true;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            return false;
        }
    }
}
