using System.Threading.Channels;
using Grpc.Core;
using Grpc.Health.V1;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace Grpc.HealthCheck;

/// <summary>The health service over statuses that the application sets. Safe for use by several threads.</summary>
public class HealthServiceImpl : Health.V1.Health.HealthBase
{
    // What a watcher that does not keep up is behind at most; what is older than that it never hears of.
    private const int MaxBehind = 5;

    private readonly Lock _sync = new();
    private readonly Dictionary<string, ServingStatus> _statuses = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<Subscription>> _watchers = new(StringComparer.Ordinal);

    /// <summary>Sets the status of a service and tells its watchers if it changed.</summary>
    /// <param name="service">The full name; empty for the server as a whole.</param>
    /// <param name="status">The status.</param>
    /// <exception cref="ArgumentNullException"><paramref name="service"/> is null.</exception>
    public void SetStatus(string service, ServingStatus status)
    {
        ArgumentNullException.ThrowIfNull(service);
        lock (_sync)
        {
            if (StatusOf(service) == status && _statuses.ContainsKey(service)) return;
            _statuses[service] = status;
            Tell(service, status);
        }
    }

    /// <summary>Forgets a service: watchers hear SERVICE_UNKNOWN.</summary>
    /// <param name="service">The full name; empty for the server as a whole.</param>
    /// <exception cref="ArgumentNullException"><paramref name="service"/> is null.</exception>
    public void ClearStatus(string service)
    {
        ArgumentNullException.ThrowIfNull(service);
        lock (_sync)
        {
            if (_statuses.Remove(service)) Tell(service, ServingStatus.ServiceUnknown);
        }
    }

    /// <summary>Forgets all services.</summary>
    public void ClearAll()
    {
        lock (_sync)
        {
            foreach (var service in _statuses.Keys.ToArray()) ClearStatus(service);
        }
    }

    /// <summary>Answers with the status of a service.</summary>
    /// <param name="request">Which service.</param>
    /// <param name="context">The call.</param>
    /// <exception cref="RpcException">NOT_FOUND: its status was never set.</exception>
    public override Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(request);
        lock (_sync)
        {
            if (!_statuses.TryGetValue(request.Service, out var status)) throw new RpcException(new Status(StatusCode.NotFound, ""));
            return Task.FromResult(new HealthCheckResponse { Status = status });
        }
    }

    /// <summary>Sends the status of a service now and whenever it changes, until the caller cancels.</summary>
    /// <param name="request">Which service.</param>
    /// <param name="responseStream">Where the statuses go.</param>
    /// <param name="context">The call.</param>
    public override async Task Watch(HealthCheckRequest request, IServerStreamWriter<HealthCheckResponse> responseStream, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(responseStream);
        ArgumentNullException.ThrowIfNull(context);
        using var subscription = Subscribe(request.Service);
        using var end = context.CancellationToken.UnsafeRegister(static s => ((Subscription)s!).End(), subscription);
        await foreach (var status in subscription.Statuses.ReadAllAsync())
        {
            await responseStream.WriteAsync(new HealthCheckResponse { Status = status });
        }
    }

    /// <summary>Starts to collect the statuses of a service, beginning with the one it has now.</summary>
    internal Subscription Subscribe(string service)
    {
        lock (_sync)
        {
            var subscription = new Subscription(this, service, StatusOf(service));
            if (!_watchers.TryGetValue(service, out var watchers)) _watchers.Add(service, watchers = []);
            watchers.Add(subscription);
            return subscription;
        }
    }

    private ServingStatus StatusOf(string service) => _statuses.GetValueOrDefault(service, ServingStatus.ServiceUnknown);

    private void Tell(string service, ServingStatus status)
    {
        foreach (var watcher in _watchers.GetValueOrDefault(service, [])) watcher.Tell(status);
    }

    private void Unsubscribe(Subscription subscription)
    {
        lock (_sync)
        {
            // Callers choose the names: what nobody watches any more must not stay behind.
            if (_watchers.TryGetValue(subscription.Service, out var watchers) && watchers.Remove(subscription) && watchers.Count == 0)
                _watchers.Remove(subscription.Service);
        }
    }

    /// <summary>One watcher's view of a service.</summary>
    internal sealed class Subscription : IDisposable
    {
        private readonly HealthServiceImpl _owner;
        private readonly Channel<ServingStatus> _statuses = Channel.CreateBounded<ServingStatus>(
            new BoundedChannelOptions(MaxBehind) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

        public Subscription(HealthServiceImpl owner, string service, ServingStatus first)
        {
            _owner = owner;
            Service = service;
            First = first;
            Tell(first);
        }

        public string Service { get; }

        /// <summary>The status when the subscription began; also the first of <see cref="Statuses"/>.</summary>
        public ServingStatus First { get; }

        public ChannelReader<ServingStatus> Statuses => _statuses.Reader;

        public void Tell(ServingStatus status) => _statuses.Writer.TryWrite(status);

        /// <summary>Lets the reader run out, after what is there already.</summary>
        public void End() => _statuses.Writer.TryComplete();

        public void Dispose()
        {
            _owner.Unsubscribe(this);
            End();
        }
    }
}
