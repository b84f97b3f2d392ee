using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Aspire.Hosting.Execution;

/// <summary>
/// All processes that came from one start: those in its session, and, where /proc tells, those that left it and still carry the mark that
/// the start put into their environment.
/// </summary>
/// <param name="leader">The process that was started; its id is that of its session and group, too.</param>
/// <param name="mark">The variable, <c>NAME=value</c>, that no other start was given.</param>
internal sealed class ProcessTree(Process leader, string mark)
{
    public const string MarkVariable = "ROUTEGUIDE_APPHOST_INSTANCE";

    private readonly int _id = leader.Id;
    private readonly byte[] _mark = Encoding.UTF8.GetBytes(mark + "\0");

    /// <summary>The start time of a process in the system's own ticks; null where it is gone or the system does not say.</summary>
    public static string? StartTime(int process) => Stat(process) is { Length: > 19 } fields ? fields[19] : null;

    /// <summary>Asks all to end.</summary>
    public void AskToEnd()
    {
        if (OperatingSystem.IsWindows()) Windows.AskToEnd(_id);
        else Signal(Unix.SigTerm);
    }

    /// <summary>Ends all.</summary>
    public void End()
    {
        if (!OperatingSystem.IsWindows() && SessionLauncher.HasSessions) Signal(Unix.SigKill);
        if (!leader.HasExited) leader.Kill(entireProcessTree: true);
    }

    /// <summary>Whether any still runs.</summary>
    public bool IsAlive() => !leader.HasExited || Members().Any();

    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    private void Signal(int signal)
    {
        // While the leader has not exited, or any process is left in the group, the system gives its number to nobody else.
        var members = Members().ToArray();
        if (!leader.HasExited || members.Length > 0)
        {
            // A leader that has only just been forked is not in its own session yet.
            if (!(SessionLauncher.HasSessions && Unix.Kill(-_id, signal)) && !leader.HasExited) Unix.Kill(_id, signal);
        }

        foreach (var member in members.Where(m => !m.InGroup)) Unix.Kill(member.Id, signal);
    }

    private IEnumerable<(int Id, bool InGroup)> Members()
    {
        if (!OperatingSystem.IsLinux())
        {
            // Not tried on macOS: without /proc the group alone is known.
            if (!OperatingSystem.IsWindows() && SessionLauncher.HasSessions && Unix.Kill(-_id, 0)) yield return (_id, true);
            yield break;
        }

        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var id) || id == Environment.ProcessId) continue;
            if (Stat(id) is not { Length: > 19 } stat || stat[0] is "Z" or "X") continue;
            var inGroup = stat[2] == $"{_id}";
            if (inGroup || stat[3] == $"{_id}" || IsMarked(id)) yield return (id, inGroup);
        }
    }

    private bool IsMarked(int process)
    {
        try
        {
            return File.ReadAllBytes($"/proc/{process}/environ").AsSpan().IndexOf(_mark) >= 0;
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>The fields of proc(5) stat from the third (the state) on; null if there is no such process.</summary>
    private static string[]? Stat(int process)
    {
        if (!OperatingSystem.IsLinux()) return null;
        try
        {
            // The second field is the program's name in parentheses; it may have blanks and parentheses of its own.
            var text = File.ReadAllText($"/proc/{process}/stat");
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
