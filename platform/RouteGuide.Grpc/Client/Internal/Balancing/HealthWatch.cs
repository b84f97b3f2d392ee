using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client.Balancer;

namespace Grpc.Net.Client.Internal.Balancing;

/// <summary>
/// Asks one server whether it is healthy, as long as it is connected (gRPC's client-side health checking, gRFC A17): the first answer decides whether
/// it gets calls, each further one changes that. A server without the health service counts as healthy.
/// </summary>
internal sealed class HealthWatch : IDisposable
{
    private readonly CancellationTokenSource _stopped = new();
    private readonly ConnectionManager _manager;
    private readonly Subchannel _subchannel;
    private readonly string _service;
    private readonly Action<HealthWatch, Status> _report;

    private HealthWatch(ConnectionManager manager, Subchannel subchannel, string service, Action<HealthWatch, Status> report)
    {
        _manager = manager;
        _subchannel = subchannel;
        _service = service;
        _report = report;
    }

    /// <param name="manager">The channel.</param>
    /// <param name="subchannel">The server.</param>
    /// <param name="service">Whose health it is; empty for the server as a whole.</param>
    /// <param name="report">Takes each answer: OK for healthy.</param>
    public static HealthWatch Start(ConnectionManager manager, Subchannel subchannel, string service, Action<HealthWatch, Status> report)
    {
        var watch = new HealthWatch(manager, subchannel, service, report);
        _ = watch.RunAsync(watch._stopped.Token);
        return watch;
    }

    // Not disposed: the call has the token until it ends.
    public void Dispose() => _stopped.Cancel();

    private async Task RunAsync(CancellationToken stopped)
    {
        // Never inside the lock of whoever started it.
        await Task.Yield();
        for (var attempt = 0; !stopped.IsCancellationRequested; attempt++)
        {
            try
            {
                using var call = new Grpc.Health.V1.Health.HealthClient(_manager.InvokerFor(_subchannel))
                    .Watch(new HealthCheckRequest { Service = _service }, cancellationToken: stopped);
                while (await call.ResponseStream.MoveNext(stopped).ConfigureAwait(false))
                {
                    attempt = 0;
                    Report(call.ResponseStream.Current.Status);
                }

                _report(this, new Status(StatusCode.Unavailable, "The server has ended its health watch."));
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.Unimplemented)
            {
                _report(this, Status.DefaultSuccess);
                return;
            }
            catch (RpcException e) when (!stopped.IsCancellationRequested)
            {
                _report(this, new Status(StatusCode.Unavailable, $"The server's health is not known: {e.Status.Detail}", e));
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException || (stopped.IsCancellationRequested && e is RpcException))
            {
                return;
            }

            await Task.Delay(_manager.Backoff.Next(attempt), _manager.Time, stopped).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Report(HealthCheckResponse.Types.ServingStatus status) => _report(this, status == HealthCheckResponse.Types.ServingStatus.Serving
        ? Status.DefaultSuccess
        : new Status(StatusCode.Unavailable, $"The server says of its health: {status}."));
}
