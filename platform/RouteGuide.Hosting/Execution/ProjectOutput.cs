using System.Collections.Concurrent;
using System.Reflection;
using System.Text;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Execution;

/// <summary>Finds the assembly that a project was built to; builds those first that were added by their path.</summary>
internal sealed class ProjectOutput(OrphanGuard guard, AppHostSettings settings)
{
    /// <summary>What the key of the assembly metadata begins with in which <c>RouteGuide.Hosting.targets</c> tells where a referenced project was built to.</summary>
    public const string MetadataPrefix = "ProjectOutput:";

    private const int MaxBuildLines = 50;

    private readonly ConcurrentDictionary<string, Lazy<Task<string>>> _built = new(StringComparer.Ordinal);

    /// <summary>Whether the project must be built before it can start.</summary>
    public static bool NeedsBuild(ProjectResource project) => !project.GetProjectMetadata().SuppressBuild;

    /// <summary>The built assembly, as a full path.</summary>
    /// <exception cref="LaunchException">It is not there, cannot be built, or is not a program.</exception>
    public async Task<string> ResolveAsync(ProjectResource project, CancellationToken cancellationToken)
    {
        var metadata = project.GetProjectMetadata();
        var assembly = metadata.SuppressBuild ? FromReference(metadata) : await Build(metadata.ProjectPath).WaitAsync(cancellationToken).ConfigureAwait(false);
        if (!File.Exists(assembly)) throw new LaunchException($"'{assembly}' does not exist: build the app host again");
        if (!File.Exists(Path.ChangeExtension(assembly, ".runtimeconfig.json"))) throw new LaunchException($"'{assembly}' is a library, not a program (its project has no OutputType Exe)");
        return assembly;
    }

    /// <summary>Builds a project anew, whether or not it was built with the app host.</summary>
    /// <exception cref="LaunchException">It cannot be built.</exception>
    public async Task RebuildAsync(ProjectResource project, CancellationToken cancellationToken)
    {
        var metadata = project.GetProjectMetadata();
        _built.TryRemove(metadata.ProjectPath, out _);
        if (!metadata.SuppressBuild) await Build(metadata.ProjectPath).WaitAsync(cancellationToken).ConfigureAwait(false);
        else await BuildAsync(metadata.ProjectPath, metadata.GetType().Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()?.Configuration).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private static string FromReference(IProjectMetadata metadata) =>
        metadata.GetType().Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(a => a.Key == MetadataPrefix + metadata.ProjectPath)?.Value
        ?? throw new LaunchException($"the app host was not told where '{metadata.ProjectPath}' is built to (its project file must import RouteGuide.Hosting.targets)");

    private Task<string> Build(string project) => _built.GetOrAdd(project, path => new Lazy<Task<string>>(() => BuildAsync(path))).Value;

    private async Task<string> BuildAsync(string project, string? configuration = null)
    {
        if (!File.Exists(project)) throw new LaunchException($"the project '{project}' does not exist");
        var lines = new Queue<string>();

        // Build servers would outlive the build, and what outlives its start is ended here.
        var environment = ChildEnvironment.Inherited();
        environment["MSBUILDDISABLENODEREUSE"] = "1";
        environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        string[] chosen = configuration is { Length: > 0 } ? ["-c", configuration] : [];
        var spec = new LaunchSpec(DotnetMuxer.Path, ["build", project, "-nologo", "-v:q", .. chosen, "-p:UseSharedCompilation=false", "-t:Restore;Build", "-getProperty:TargetPath"], Path.GetDirectoryName(project)!, environment);
        var build = ChildProcess.Start(spec, guard, settings.StopTimeout, (line, _) =>
        {
            lock (lines)
            {
                if (line.Length > 0) lines.Enqueue(line);
                if (lines.Count > MaxBuildLines) lines.Dequeue();
            }

            return ValueTask.CompletedTask;
        });
        var code = await build.Completion.ConfigureAwait(false);
        if (code == 0 && lines.Count > 0) return lines.Last().Trim();
        throw new LaunchException(new StringBuilder().Append($"its build ended with exit code {code}").Append(lines.Count > 0 ? ":\n" : "").AppendJoin('\n', lines).ToString());
    }
}

/// <summary>The <c>dotnet</c> that this process itself runs on.</summary>
internal static class DotnetMuxer
{
    public static string Path { get; } = Find();

    private static string Find()
    {
        // .../dotnet/shared/Microsoft.NETCore.App/10.0.0/
        var name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        var runtime = System.IO.Path.TrimEndingDirectorySeparator(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory());
        var beside = System.IO.Path.GetFullPath(System.IO.Path.Combine(runtime, "..", "..", "..", name));
        if (File.Exists(beside)) return beside;
        return Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } told && File.Exists(told) ? told : name;
    }
}
