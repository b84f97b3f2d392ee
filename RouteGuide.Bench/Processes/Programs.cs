using System.Diagnostics;

namespace RouteGuide.Bench.Processes;

/// <summary>Programs of the machine.</summary>
internal static class Programs
{
    // Debian keeps servers where the search path of a user does not lead.
    private static readonly string[] SystemFolders = ["/usr/sbin", "/usr/local/sbin", "/sbin"];

    /// <summary>Where a program is, or null.</summary>
    public static string? Find(string name)
    {
        var path = Environment.GetEnvironmentVariable("PATH") ?? "";
        return path.Split(':', StringSplitOptions.RemoveEmptyEntries).Concat(SystemFolders).Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
    }

    /// <exception cref="BenchException">It is not there; the message says how to install it.</exception>
    public static string Require(string name, string package) =>
        Find(name) ?? throw new BenchException($"'{name}' is needed and not installed; on Debian: apt-get install {package}");

    /// <summary>Runs a program to its end and returns what it printed, on both streams.</summary>
    /// <exception cref="BenchException">It did not end in time.</exception>
    public static async Task<(int ExitCode, string Output)> Run(string program, IEnumerable<string> arguments, TimeSpan patience, CancellationToken cancellation)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(patience);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, await output + await error);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new BenchException($"'{program}' did not end within {patience.TotalSeconds:0} s");
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }
}
