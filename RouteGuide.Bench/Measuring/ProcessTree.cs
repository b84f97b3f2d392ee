using System.Globalization;

namespace RouteGuide.Bench.Measuring;

/// <summary>What a process and all it started have used, from <c>/proc</c>.</summary>
/// <param name="CpuSeconds">User and system time, that of children which have ended included. In steps of 10 ms.</param>
/// <param name="ResidentBytes">Resident memory. Pages that several processes share count for each.</param>
internal readonly record struct ProcessTree(double CpuSeconds, long ResidentBytes)
{
    /// <summary>What <c>sysconf(_SC_CLK_TCK)</c> is on every Linux: the unit of times in /proc (proc(5)).</summary>
    private const double TicksPerSecond = 100;

    /// <exception cref="BenchException">The process has ended.</exception>
    public static ProcessTree Read(int root)
    {
        var stats = new List<ProcessStat>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id) && TryRead(id) is { } stat) stats.Add(stat);
        }

        if (!stats.Exists(s => s.Id == root)) throw new BenchException($"process {root} has ended");
        var members = Members(stats, root);
        return new ProcessTree(members.Sum(s => s.Ticks) / TicksPerSecond, members.Sum(s => s.ResidentPages) * Environment.SystemPageSize);
    }

    /// <summary>The process and its descendants.</summary>
    public static IReadOnlyList<ProcessStat> Members(IReadOnlyCollection<ProcessStat> all, int root)
    {
        var members = all.Where(s => s.Id == root).ToList();
        for (var i = 0; i < members.Count; i++) members.AddRange(all.Where(s => s.Parent == members[i].Id));
        return members;
    }

    private static ProcessStat? TryRead(int id)
    {
        try
        {
            return ProcessStat.Parse(File.ReadAllText($"/proc/{id}/stat"));
        }
        catch (IOException)
        {
            // It ended while the list was read.
            return null;
        }
    }
}

/// <summary>One line of <c>/proc/PID/stat</c>, as far as it is needed.</summary>
/// <param name="Id">The process.</param>
/// <param name="Parent">Who started it.</param>
/// <param name="Ticks">Its time and that of children that it has waited for.</param>
/// <param name="ResidentPages">Its pages in memory.</param>
internal readonly record struct ProcessStat(int Id, int Parent, long Ticks, long ResidentPages)
{
    /// <exception cref="FormatException">It is no such line.</exception>
    public static ProcessStat Parse(string line)
    {
        // The name stands in parentheses and may contain anything, parentheses and spaces too.
        var open = line.IndexOf('(');
        var close = line.LastIndexOf(')');
        var fields = close < 0 ? [] : line[(close + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (open < 1 || fields.Length < 22) throw new FormatException($"'{line}' is no line of /proc/PID/stat");

        // The first field after the name is number 3 in proc(5): ppid 4, utime 14, stime 15, cutime 16, cstime 17, rss 24.
        return new ProcessStat(int.Parse(line.AsSpan(0, open), CultureInfo.InvariantCulture), (int)Field(4), Field(14) + Field(15) + Field(16) + Field(17), Field(24));

        long Field(int number) => long.Parse(fields[number - 3], CultureInfo.InvariantCulture);
    }
}
