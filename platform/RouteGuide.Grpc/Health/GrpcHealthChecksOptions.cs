namespace Grpc.AspNetCore.HealthChecks;

/// <summary>How the application's health checks become the answers of the gRPC health service.</summary>
public sealed class GrpcHealthChecksOptions
{
    /// <summary>The services that callers may ask about. All checks decide about the server as a whole, unless changed.</summary>
    public ServiceMappingCollection Services { get; } = [];

    /// <summary>Whether a call is answered with what the checks said when they last ran by themselves, instead of running them for it.</summary>
    public bool UseHealthChecksCache { get; set; }

    /// <summary>Whether watchers are left alone when the application stops, instead of told NOT_SERVING and let go.</summary>
    public bool SuppressCompletionOnShutdown { get; set; }
}
