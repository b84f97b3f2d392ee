using RouteGuide.Balancer.Configuration;

namespace RouteGuide.Tests.Balancer.Configuration;

/// <summary>A folder with a balancer.json that a test rewrites.</summary>
internal sealed class ConfigurationFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("balancer-");

    public ConfigurationFolder(string balancer) => Write(balancer);

    public string File => Path.Combine(_folder.FullName, ConfigurationFile.DefaultName);

    /// <summary>For <see cref="BalancerUnderTest.StartWith"/>: the file, and to look at it often.</summary>
    public string[] Settings => [$"Balancer:ConfigurationFile={File}", "Balancer:ConfigurationReloadInterval=0.02"];

    /// <summary>Puts other content in its place at one moment, as editors and Kubernetes do.</summary>
    /// <param name="balancer">The section Balancer.</param>
    public void Write(string balancer) => WriteWhole($$"""{ "Balancer": {{balancer}} }""");

    /// <inheritdoc cref="Write"/>
    public void WriteWhole(string json)
    {
        System.IO.File.WriteAllText(File + ".new", json);
        System.IO.File.Move(File + ".new", File, overwrite: true);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
