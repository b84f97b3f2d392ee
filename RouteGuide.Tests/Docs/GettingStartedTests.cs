using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Docs;

/// <summary>Walks docs/getting-started.md: the commands that it shows are run as they stand.</summary>
public sealed class GettingStartedTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan BuildPatience = TimeSpan.FromMinutes(15);

    private static readonly IReadOnlyList<WalkedBlock> Blocks = WalkedBlock.Of(File.ReadAllText(Repository.File("docs", "getting-started.md")));

    [Fact]
    public async Task The_calls_it_shows_work_on_a_running_system()
    {
        Assert.SkipUnless(File.Exists("/bin/bash"), "no /bin/bash here");
        await using var system = await ProcessSystem.Start();
        var environment = new Dictionary<string, string?>
        {
            ["ROUTEGUIDE_CA"] = system.CaFile,
            ["services__balancer__https__0"] = $"{system.Address}",
            ["CLIENT"] = Repository.Assembly("RouteGuide.Client"),
        };
        var blocks = Blocks.Where(block => block.Where == "system").ToList();
        Assert.Equal(4, blocks.Count);
        foreach (var block in blocks)
        {
            // What the page sets up as an alias, without building.
            var output = await RunAsync($"routeguide-client() {{ dotnet exec \"$CLIENT\" \"$@\"; }}\n{block.Script}", environment, Repository.Root, Patience);
            Assert.All(block.Says, said => Assert.Contains(said, output));
        }
    }

    [Fact]
    public async Task A_copy_of_the_service_builds()
    {
        Assert.SkipUnless(File.Exists("/bin/bash"), "no /bin/bash here");
        var clone = Directory.CreateTempSubdirectory("routeguide-clone");
        try
        {
            CopySources(Repository.Root, clone.FullName);
            // Nothing that a build starts may outlive it: it would hold its output open.
            var environment = new Dictionary<string, string?> { ["MSBUILDDISABLENODEREUSE"] = "1", ["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0", ["UseSharedCompilation"] = "false" };
            var blocks = Blocks.Where(block => block.Where == "clone").ToList();
            Assert.Equal(2, blocks.Count);
            foreach (var block in blocks) await RunAsync(block.Script, environment, clone.FullName, BuildPatience);
            Assert.Single(Directory.EnumerateFiles(Path.Combine(clone.FullName, "Greeter.Server", "bin"), "Greeter.Server.dll", SearchOption.AllDirectories));
            Assert.Contains("Greeter.Server.csproj", await File.ReadAllTextAsync(Path.Combine(clone.FullName, "RouteGuide.AppHost", "RouteGuide.AppHost.csproj")));
        }
        finally
        {
            clone.Delete(recursive: true);
        }
    }

    [Fact]
    public void The_line_for_the_app_host_names_the_copied_project() =>
        Assert.Contains("Projects.Greeter_Server", File.ReadAllText(Repository.File("docs", "getting-started.md")));

    private static async Task<string> RunAsync(string script, IReadOnlyDictionary<string, string?> environment, string folder, TimeSpan patience)
    {
        await using var shell = RunningProcess.Start("/bin/bash", ["-euo", "pipefail", "-c", script], environment, folder);
        var code = await shell.WaitForExit(patience);
        var output = string.Join('\n', shell.Output.Concat(shell.Error));
        Assert.True(code == 0, $"ended with {code}:\n{script}\n{output}");
        return output;
    }

    // What a clone has: neither what was built, nor what tools keep for themselves.
    private static void CopySources(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        foreach (var folder in Directory.EnumerateDirectories(from))
        {
            var name = Path.GetFileName(folder);
            if (name is not ("bin" or "obj" or "node_modules" or "TestResults" or "RouteGuide.Tests") && !name.StartsWith('.')) CopySources(folder, Path.Combine(to, name));
        }
    }
}
