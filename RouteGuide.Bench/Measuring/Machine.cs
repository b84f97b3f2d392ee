using System.Runtime.InteropServices;

namespace RouteGuide.Bench.Measuring;

/// <summary>What the measurements were made on.</summary>
internal static class Machine
{
    /// <summary>Processor, cores, memory, kernel, distribution, runtime, in one line.</summary>
    public static string Describe()
    {
        var model = Field("/proc/cpuinfo", "model name", ':') ?? RuntimeInformation.ProcessArchitecture.ToString();
        var system = Field("/etc/os-release", "PRETTY_NAME", '=')?.Trim('"') ?? "Linux";
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (1L << 30);
        return $"{model}, {Environment.ProcessorCount} cores, {memory} GiB, {system}, Linux {Environment.OSVersion.Version}, {RuntimeInformation.FrameworkDescription}";
    }

    private static string? Field(string file, string name, char separator)
    {
        if (!File.Exists(file)) return null;
        var line = File.ReadLines(file).FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal));
        return line?[(line.IndexOf(separator) + 1)..].Trim();
    }
}
