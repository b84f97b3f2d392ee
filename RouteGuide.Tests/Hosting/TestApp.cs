using Aspire.Hosting;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Hosting;

/// <summary>App hosts for tests: quiet, with certificates in a folder of the test run.</summary>
internal static class TestApp
{
    private static readonly Lazy<string> SharedHome = new(() =>
    {
        var folder = Directory.CreateTempSubdirectory("routeguide-home-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            try
            {
                Directory.Delete(folder, recursive: true);
            }
            catch (IOException)
            {
                // A process that is just ending wrote into it: the system's own cleaning of temporary files takes the rest.
            }
        };
        return folder;
    });

    /// <summary>The folder that stands for the user's own.</summary>
    public static string Home => SharedHome.Value;

    public static IDistributedApplicationBuilder CreateBuilder(params string[] arguments) => DistributedApplication.CreateBuilder(new DistributedApplicationOptions
    {
        Args = [$"--ROUTEGUIDE_HOME={Home}", "--AppHost:StopTimeout=00:00:03", "--AppHost:PortTimeout=00:00:00", "--environment=Development", .. arguments],
        EnableResourceLogging = false,
        DisableDashboard = true,
        ProjectDirectory = Path.GetTempPath(),
    });

    /// <summary>The sample app host as a program: <c>serve</c> makes it an HTTP server.</summary>
    public static string SampleHost => Path.Combine(Repository.Root, "RouteGuide.Tests", "Hosting", "SampleHost", "bin", Repository.Assembly("platform/RouteGuide.Hosting").Split(Path.DirectorySeparatorChar)[^3], "net10.0", "SampleHost.dll");

    /// <summary>A project that is only described, never started.</summary>
    internal sealed class Sample : IProjectMetadata
    {
        public string ProjectPath => Path.Combine(Path.GetTempPath(), "Sample", "Sample.csproj");

        public bool SuppressBuild => true;
    }
}
