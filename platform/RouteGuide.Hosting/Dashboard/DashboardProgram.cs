using System.Reflection;

namespace Aspire.Hosting.Dashboard;

/// <summary>Where the dashboard's program is.</summary>
/// <param name="Assembly">The built assembly.</param>
/// <param name="ContentRoot">Where it finds what it serves: its project's folder, or where that is not there its own.</param>
internal sealed record DashboardProgram(string Assembly, string ContentRoot)
{
    /// <summary>The key of the assembly metadata in which <c>RouteGuide.Hosting.targets</c> tells where the dashboard was built to.</summary>
    public const string AssemblyKey = "aspiredashboardpath";

    /// <summary>And the key for its project file.</summary>
    public const string ProjectKey = "aspiredashboardproject";

    /// <summary>What the app host was told when it was built; null if nothing.</summary>
    public static DashboardProgram? ToldTo(Assembly? appHost)
    {
        var told = appHost?.GetCustomAttributes<AssemblyMetadataAttribute>().ToArray() ?? [];
        if (Value(AssemblyKey) is not { Length: > 0 } assembly) return null;
        var project = Path.GetDirectoryName(Value(ProjectKey));
        return new DashboardProgram(assembly, Directory.Exists(project) ? project : Path.GetDirectoryName(assembly)!);

        string? Value(string key) => told.FirstOrDefault(a => string.Equals(a.Key, key, StringComparison.OrdinalIgnoreCase))?.Value;
    }
}
