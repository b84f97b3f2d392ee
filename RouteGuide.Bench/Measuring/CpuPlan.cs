using System.Globalization;

namespace RouteGuide.Bench.Measuring;

/// <summary>Which processors the proxy runs on, and which the load generator and the backends.</summary>
/// <param name="Proxy">Those of the proxy.</param>
/// <param name="Load">Those of the load.</param>
internal sealed record CpuPlan(IReadOnlyList<int> Proxy, IReadOnlyList<int> Load)
{
    /// <summary>Whether the load takes time from the proxy.</summary>
    public bool IsShared => Proxy.Intersect(Load).Any();

    /// <summary>Gives the proxy the first of the processors that we may use, and the load the others; all, if none are left.</summary>
    /// <param name="allowed">The processors that we may use.</param>
    /// <param name="cores">How many the proxy gets, 1 and up.</param>
    /// <exception cref="BenchException">There are not so many.</exception>
    public static CpuPlan Create(IReadOnlyList<int> allowed, int cores)
    {
        if (cores > allowed.Count) throw new BenchException($"--cores: {cores} processors are asked for the proxy, this machine gives us {allowed.Count}");
        return new CpuPlan([.. allowed.Take(cores)], cores < allowed.Count ? [.. allowed.Skip(cores)] : allowed);
    }

    /// <summary>The processors that this process may use.</summary>
    public static IReadOnlyList<int> Allowed()
    {
        const string Label = "Cpus_allowed_list:";
        return ParseList(File.ReadLines("/proc/self/status").First(line => line.StartsWith(Label, StringComparison.Ordinal))[Label.Length..].Trim());
    }

    /// <summary>Reads a list such as <c>0-3,6</c>.</summary>
    public static IReadOnlyList<int> ParseList(string list) =>
    [
        .. from part in list.Split(',')
           let ends = part.Split('-').Select(end => int.Parse(end, CultureInfo.InvariantCulture)).ToArray()
           from cpu in Enumerable.Range(ends[0], ends[^1] - ends[0] + 1)
           select cpu,
    ];

    /// <summary>As <c>taskset -c</c> takes it.</summary>
    public static string Format(IEnumerable<int> cpus) => string.Join(',', cpus);
}
