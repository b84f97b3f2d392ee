namespace Aspire.Hosting.Execution;

/// <summary>
/// Puts a child into a session of its own, so that Ctrl+C in the terminal reaches the app host alone, and so that the child's whole
/// process group can be signalled by its number. Linux has setsid(1); where it is missing (macOS) perl does the same; where neither is
/// there the child stays in the app host's group, gets Ctrl+C when the app host does, and only its own process is signalled.
/// </summary>
internal static class SessionLauncher
{
    private const string PerlSetsid = "use POSIX; POSIX::setsid(); exec { $ARGV[0] } @ARGV; exit 127";

    private static readonly string? Setsid = OperatingSystem.IsWindows() ? null : ExecutableFinder.InSearchPath("setsid");
    private static readonly string? Perl = OperatingSystem.IsWindows() || Setsid is not null ? null : ExecutableFinder.InSearchPath("perl");

    /// <summary>Whether children get sessions, and with them process groups, of their own.</summary>
    public static bool HasSessions => (Setsid ?? Perl) is not null;

    /// <summary>The command that runs a program in a session of its own. The program keeps the process id of the command.</summary>
    /// <param name="program">A full path.</param>
    /// <param name="arguments">Its arguments.</param>
    public static (string Program, IEnumerable<string> Arguments) Wrap(string program, IEnumerable<string> arguments)
    {
        if (Setsid is not null) return (Setsid, [program, .. arguments]);
        return Perl is not null ? (Perl, ["-e", PerlSetsid, program, .. arguments]) : (program, arguments);
    }
}

/// <summary>Finds programs as a shell does.</summary>
internal static class ExecutableFinder
{
    /// <summary>Finds a program in the search path of this process.</summary>
    public static string? InSearchPath(string name) => Find(name, Environment.CurrentDirectory, Environment.GetEnvironmentVariable("PATH"));

    /// <summary>Finds a program: a path relative to <paramref name="directory"/>, or a name in <paramref name="searchPath"/>.</summary>
    /// <returns>The full path of a file that can be executed; null if there is none.</returns>
    public static string? Find(string command, string directory, string? searchPath)
    {
        if (command.Contains('/', StringComparison.Ordinal) || command.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal)) return Executable(Path.GetFullPath(command, directory));
        return (searchPath ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Executable(Path.GetFullPath(Path.Combine(folder, command), directory)))
            .FirstOrDefault(found => found is not null);
    }

    private static string? Executable(string path)
    {
        if (!OperatingSystem.IsWindows())
        {
            const UnixFileMode Execute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
            return File.Exists(path) && (File.GetUnixFileMode(path) & Execute) != 0 ? path : null;
        }

        string[] endings = ["", .. (Environment.GetEnvironmentVariable("PATHEXT") ?? ".EXE;.CMD;.BAT").Split(';')];
        return endings.Select(ending => path + ending).FirstOrDefault(File.Exists);
    }
}
