using System.Diagnostics;

namespace RouteGuide.Tests.Support;

/// <summary>A Python that has grpcio, where the machine has one.</summary>
internal static class Python
{
    // Debian's packages belong to /usr/bin/python3, whatever else comes first on the path.
    private static readonly string[] Candidates = ["/usr/bin/python3", "python3", "python"];

    private static readonly Lazy<string?> Found = new(() => Candidates.FirstOrDefault(HasGrpc));

    /// <summary>The interpreter; skips the test, with the reason, where there is none with grpcio and grpcio-tools.</summary>
    public static string WithGrpc()
    {
        Assert.SkipWhen(Found.Value is null, "no Python with grpcio and grpcio-tools here (Debian: apt-get install python3-grpcio python3-grpc-tools)");
        return Found.Value!;
    }

    private static bool HasGrpc(string interpreter)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(interpreter, ["-c", "import grpc, grpc_tools"]) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
