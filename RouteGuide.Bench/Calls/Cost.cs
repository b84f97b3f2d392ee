using System.Globalization;

namespace RouteGuide.Bench.Calls;

/// <summary>What a process has used since its start.</summary>
/// <param name="CpuMicros">User and system time in µs.</param>
/// <param name="Bytes">Octets allocated on the managed heap.</param>
internal readonly record struct ProcessUsage(double CpuMicros, long Bytes)
{
    /// <summary>What this process has used.</summary>
    public static ProcessUsage Now() => new(Environment.CpuUsage.TotalTime.TotalMicroseconds, GC.GetTotalAllocatedBytes(precise: true));

    public static ProcessUsage operator -(ProcessUsage later, ProcessUsage earlier) => new(later.CpuMicros - earlier.CpuMicros, later.Bytes - earlier.Bytes);

    /// <summary>What <see cref="Parse"/> reads.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{CpuMicros:R} {Bytes}");

    /// <exception cref="FormatException">It is not two numbers.</exception>
    public static ProcessUsage Parse(string text)
    {
        if (text.Split(' ') is [var cpu, var bytes]
            && double.TryParse(cpu, NumberStyles.Float, CultureInfo.InvariantCulture, out var micros)
            && long.TryParse(bytes, NumberStyles.Integer, CultureInfo.InvariantCulture, out var octets))
            return new ProcessUsage(micros, octets);
        throw new FormatException($"'{text}' is not the CPU time and the octets of a process");
    }
}

/// <summary>What calls cost.</summary>
/// <param name="Calls">How many, or how many messages or pairs, where those count.</param>
/// <param name="Usage">What all of them took.</param>
internal readonly record struct Cost(long Calls, ProcessUsage Usage)
{
    /// <summary>CPU µs of each.</summary>
    public double Micros => Usage.CpuMicros / Calls;

    /// <summary>Octets allocated for each.</summary>
    public double Bytes => (double)Usage.Bytes / Calls;

    /// <summary>What <see cref="Parse"/> reads.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Calls} {Usage}");

    /// <exception cref="FormatException">It is not three numbers, or no calls.</exception>
    public static Cost Parse(string text)
    {
        var end = text.IndexOf(' ');
        if (end > 0 && long.TryParse(text.AsSpan(0, end), NumberStyles.None, CultureInfo.InvariantCulture, out var calls) && calls > 0)
            return new Cost(calls, ProcessUsage.Parse(text[(end + 1)..]));
        throw new FormatException($"'{text}' does not say what calls cost");
    }
}
