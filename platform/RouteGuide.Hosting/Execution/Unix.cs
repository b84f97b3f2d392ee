using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Aspire.Hosting.Execution;

/// <summary>What of POSIX the framework does not offer.</summary>
[UnsupportedOSPlatform("windows")]
internal static partial class Unix
{
    public const int SigKill = 9;
    public const int SigTerm = 15;

    /// <summary>kill(2); a negative <paramref name="process"/> means a process group.</summary>
    /// <returns>Whether there was anyone to get the signal.</returns>
    public static bool Kill(int process, int signal) => KillNative(process, signal) == 0;

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int KillNative(int pid, int sig);
}
