using Grpc.Core;
using Grpc.Health.V1;
using Grpc.HealthCheck;

namespace RouteGuide.Server.Lifecycle;

/// <summary>
/// <c>grpc.health.v1</c> for the process as a whole ("") and for its service. Watchers are told that the end has begun and then let
/// go: they would hold the process until it is killed.
/// </summary>
internal sealed class ReplicaHealth : HealthServiceImpl
{
    private static readonly string[] Services = ["", Routeguide.RouteGuide.Descriptor.FullName];
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Report(bool serving)
    {
        foreach (var service in Services)
        {
            SetStatus(service, serving ? HealthCheckResponse.Types.ServingStatus.Serving : HealthCheckResponse.Types.ServingStatus.NotServing);
        }
    }

    /// <summary>Ends every watch.</summary>
    public void CloseWatches() => _closed.TrySetResult();

    public override async Task Watch(HealthCheckRequest request, IServerStreamWriter<HealthCheckResponse> responseStream, ServerCallContext context) =>
        await await Task.WhenAny(base.Watch(request, responseStream, context), _closed.Task);
}
