namespace Grpc.Core;

/// <summary>The version of the Grpc.Core API that this assembly stands in for.</summary>
public static class VersionInfo
{
    /// <summary>The assembly version.</summary>
    public const string CurrentAssemblyVersion = "2.0.0.0";

    /// <summary>The file version.</summary>
    public const string CurrentAssemblyFileVersion = "2.66.0.0";

    /// <summary>The version of the API.</summary>
    public const string CurrentVersion = "2.66.0-dev";
}
