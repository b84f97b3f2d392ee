using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Grpc.Net.Client.Internal;

/// <summary>What the client says about itself in each request.</summary>
internal static class ClientInformation
{
    // The release whose behaviour this library reproduces: servers that look at it should see what they know.
    private const string Version = "2.85.0";

    /// <summary>For example <c>grpc-dotnet/2.85.0 (.NET 10.0.1; CLR 10.0.1; net10.0; linux; x64)</c>.</summary>
    public static string UserAgent { get; } = Describe();

    private static string Describe()
    {
        string[] parts =
        [
            RuntimeInformation.FrameworkDescription,
            $"CLR {Environment.Version}",
            TargetFramework(),
            OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "osx" : OperatingSystem.IsLinux() ? "linux" : "unknown",
            $"{RuntimeInformation.ProcessArchitecture}".ToLowerInvariant(),
        ];
        return $"grpc-dotnet/{Version} ({string.Join("; ", parts)})";
    }

    private static string TargetFramework()
    {
        var framework = new FrameworkName(typeof(ClientInformation).Assembly.GetCustomAttribute<TargetFrameworkAttribute>()!.FrameworkName);
        return $"net{framework.Version}";
    }
}
