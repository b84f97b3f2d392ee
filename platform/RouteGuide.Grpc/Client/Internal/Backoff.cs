namespace Grpc.Net.Client.Internal;

/// <summary>The growing pauses between attempts to connect (gRPC's connection-backoff document).</summary>
internal sealed class Backoff(TimeSpan initial, TimeSpan? max)
{
    private const double Multiplier = 1.6;
    private const double Jitter = 0.2;

    // No timer waits longer.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    /// <summary>The pause after an attempt, counted from 0.</summary>
    public TimeSpan Next(int attempt)
    {
        var limit = max is { } given && given < Longest ? given : Longest;
        var pause = initial.TotalMilliseconds * Math.Pow(Multiplier, attempt);
        // Clients that lost the same server must not all come back at the same moment.
        var jitter = 1 + (Jitter * ((2 * Random.Shared.NextDouble()) - 1));
        return TimeSpan.FromMilliseconds(Math.Max(0, Math.Min(pause, limit.TotalMilliseconds) * jitter));
    }
}
