using System.Globalization;

namespace Grpc.Internal;

/// <summary>
/// The value of <c>grpc-timeout</c> (gRPC over HTTP/2, "Requests"): one to eight digits and a unit,
/// H, M, S, m (milliseconds), u (microseconds) or n (nanoseconds).
/// </summary>
internal static class GrpcTimeout
{
    private const long MaxSeconds = 99_999_999;
    private const int MaxDigits = 8;

    /// <summary>The longest timeout that is sent or believed, a little over three years.</summary>
    public static readonly TimeSpan Max = TimeSpan.FromSeconds(MaxSeconds);

    /// <summary>
    /// Writes a timeout, rounded up so that the peer never gives up first: below 1000 seconds to three significant digits of
    /// milliseconds, above to whole seconds, in the largest unit that divides the result.
    /// Nothing left (zero or less) is one nanosecond, the smallest value that the protocol has.
    /// </summary>
    public static string Encode(TimeSpan timeout)
    {
        if (timeout <= TimeSpan.Zero) return "1n";
        if (timeout >= Max) return Invariant(MaxSeconds, 'S');

        var milliseconds = DivideUp(timeout.Ticks, TimeSpan.TicksPerMillisecond);
        if (milliseconds >= 1_000_000) return Seconds(DivideUp(timeout.Ticks, TimeSpan.TicksPerSecond));

        var step = milliseconds switch
        {
            < 1_000 => 1,
            < 10_000 => 10,
            < 100_000 => 100,
            _ => 1_000,
        };
        milliseconds = DivideUp(milliseconds, step) * step;
        return milliseconds % 1_000 == 0 ? Seconds(milliseconds / 1_000) : Invariant(milliseconds, 'm');
    }

    /// <summary>
    /// Reads a timeout; false if it is not what the protocol allows. Fractions of a tick (100 ns) are dropped,
    /// more than <see cref="Max"/> is <see cref="Max"/>, and zero is a valid answer: no time is left.
    /// </summary>
    public static bool TryDecode(ReadOnlySpan<char> value, out TimeSpan timeout)
    {
        timeout = default;
        if (value.Length is < 2 or > MaxDigits + 1) return false;
        // NumberStyles.None: no sign, no space.
        if (!long.TryParse(value[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var amount)) return false;

        long ticks;
        switch (value[^1])
        {
            case 'H': ticks = amount * TimeSpan.TicksPerHour; break;
            case 'M': ticks = amount * TimeSpan.TicksPerMinute; break;
            case 'S': ticks = amount * TimeSpan.TicksPerSecond; break;
            case 'm': ticks = amount * TimeSpan.TicksPerMillisecond; break;
            case 'u': ticks = amount * TimeSpan.TicksPerMicrosecond; break;
            case 'n': ticks = amount / TimeSpan.NanosecondsPerTick; break;
            default: return false;
        }

        timeout = new TimeSpan(Math.Min(ticks, Max.Ticks));
        return true;
    }

    private static string Seconds(long seconds)
    {
        if (seconds % 3600 == 0) return Invariant(seconds / 3600, 'H');
        return seconds % 60 == 0 ? Invariant(seconds / 60, 'M') : Invariant(seconds, 'S');
    }

    private static long DivideUp(long value, long by) => (value + by - 1) / by;

    private static string Invariant(long amount, char unit) => string.Create(CultureInfo.InvariantCulture, $"{amount}{unit}");
}
