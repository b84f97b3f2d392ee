using System.Reflection;

namespace RouteGuide.Tests.Support;

/// <summary>Where the solution lies and what was built from it, as this test assembly was told at build time.</summary>
internal static class Repository
{
    /// <summary>The folder of <c>RouteGuide.sln</c>.</summary>
    public static string Root { get; } = Metadata("RepositoryRoot");

    /// <summary>The built assembly of a project, in the configuration that the tests were built in.</summary>
    /// <param name="project">The project's folder relative to <see cref="Root"/>, for example <c>RouteGuide.Server</c>.</param>
    public static string Assembly(string project)
    {
        var path = Path.Combine(Root, project, "bin", Metadata("Configuration"), Metadata("TargetFramework"), Path.GetFileName(project) + ".dll");
        return System.IO.File.Exists(path) ? path : throw new FileNotFoundException($"'{project}' is not built: run 'dotnet build' first.", path);
    }

    /// <summary>A file of the repository.</summary>
    public static string File(params string[] parts) => Path.Combine([Root, .. parts]);

    private static string Metadata(string key) =>
        typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == key).Value!;
}
