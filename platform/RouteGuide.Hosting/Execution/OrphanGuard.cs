using System.Diagnostics;

namespace Aspire.Hosting.Execution;

/// <summary>
/// Sees to it that nothing survives an app host that is killed: a shell in a session of its own waits for the end of a pipe that only the
/// app host holds, and then ends what it was told of (<c>OrphanGuard.sh</c>). On Windows the system does it, by a job.
/// </summary>
internal sealed class OrphanGuard : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, string> _groups = [];
    private readonly TimeSpan _grace;
    private Process? _shell;
    private bool _disposed;

    public OrphanGuard(TimeSpan grace)
    {
        _grace = grace;
        if (OperatingSystem.IsWindows()) Windows.EndChildrenWithThisProcess();
        else lock (_gate) Start();
    }

    /// <summary>What all marks of this app host begin with.</summary>
    public string Run { get; } = Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(8));

    /// <summary>A process was started; it leads a group of its own.</summary>
    public void Add(int process)
    {
        lock (_gate)
        {
            _groups[process] = ProcessTree.StartTime(process) ?? "";
            Tell($"add {process} {_groups[process]}");
        }
    }

    /// <summary>A process has ended, and its group with it.</summary>
    public void Drop(int process)
    {
        lock (_gate)
        {
            _groups.Remove(process);
            Tell($"drop {process}");
        }
    }

    /// <summary>Ends all that still runs, at once and without asking.</summary>
    public void EndAll()
    {
        // On Windows the job does it when this process ends.
        if (OperatingSystem.IsWindows()) return;
        lock (_gate)
        {
            foreach (var (process, start) in _groups)
            {
                // A number that was given to somebody else in the meantime is left alone.
                if (ProcessTree.StartTime(process) is { } now && now != start) continue;
                if (!Unix.Kill(-process, Unix.SigKill)) Unix.Kill(process, Unix.SigKill);
            }
        }
    }

    /// <summary>The app host ends properly: the guard ends what is left, which should be nothing.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _shell?.StandardInput.Close();
            _shell?.Dispose();
            _shell = null;
        }
    }

    private void Start()
    {
        using var script = new StreamReader(typeof(OrphanGuard).Assembly.GetManifestResourceStream("OrphanGuard.sh")!);
        var (program, arguments) = SessionLauncher.Wrap(
            "/bin/sh",
            ["-c", script.ReadToEnd(), "routeguide-orphan-guard", $"{Math.Ceiling(_grace.TotalSeconds)}", $"{ProcessTree.MarkVariable}={Run}."]);
        var info = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true };

        // An app host that is itself the child of another must not take its guard down with it.
        info.Environment.Remove(ProcessTree.MarkVariable);
        try
        {
            _shell = Process.Start(info);
        }
        catch (System.ComponentModel.Win32Exception fault)
        {
            throw new DistributedApplicationException($"The shell that ends the children of an app host that is killed cannot be started: {fault.Message}", fault);
        }
    }

    private void Tell(string line)
    {
        if (_disposed || OperatingSystem.IsWindows()) return;
        try
        {
            Write(line);
        }
        catch (IOException)
        {
            // Somebody ended the guard: another takes its place and learns all that is known.
            _shell?.Dispose();
            Start();
            foreach (var (process, start) in _groups) Write($"add {process} {start}");
        }
    }

    private void Write(string line)
    {
        _shell!.StandardInput.Write(line + "\n");
        _shell.StandardInput.Flush();
    }
}
