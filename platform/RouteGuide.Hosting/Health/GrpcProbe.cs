using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Certificates;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;

namespace Aspire.Hosting.Health;

/// <summary>Asks a replica by <c>grpc.health.v1</c> on its own port, past the proxy: without TLS as HTTP/2 with prior knowledge.</summary>
internal sealed class GrpcProbe(DevelopmentCertificates certificates, TimeProvider time)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    /// <summary>Asks once.</summary>
    /// <returns>Null if the service serves, else what was wrong.</returns>
    public async Task<string?> AskAsync(GrpcHealthCheckAnnotation check, IResource resource, IReadOnlyDictionary<string, int> targetPorts, CancellationToken cancellationToken)
    {
        var address = check.Address(resource, targetPorts);

        // A channel of its own: a probe must notice that a port has gone to another process.
        using var channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = DevelopmentTrust.CreateHandler(certificates), DisposeHttpClient = true });
        var what = check.Service.Length == 0 ? address : $"{address} ({check.Service})";
        try
        {
            var request = new HealthCheckRequest { Service = check.Service };
            var answer = await new Grpc.Health.V1.Health.HealthClient(channel).CheckAsync(request, deadline: time.GetUtcNow().UtcDateTime + Timeout, cancellationToken: cancellationToken).ConfigureAwait(false);
            return answer.Status == HealthCheckResponse.Types.ServingStatus.Serving ? null : $"{what} is {answer.Status}.";
        }
        catch (RpcException fault) when (!cancellationToken.IsCancellationRequested)
        {
            return $"{what}: {fault.StatusCode}{(fault.Status.Detail.Length == 0 ? "" : $", {fault.Status.Detail}")}";
        }
    }
}
