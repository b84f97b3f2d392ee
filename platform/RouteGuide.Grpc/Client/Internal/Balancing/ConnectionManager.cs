using Grpc.Core;
using Grpc.Net.Client.Balancer;
using Grpc.Net.Client.Configuration;
using Microsoft.Extensions.Logging;

namespace Grpc.Net.Client.Internal.Balancing;

/// <summary>
/// Balances a channel: the resolver finds addresses, the policy keeps subchannels to them, and its picker is asked for each call. Everything but the
/// picker runs under one lock, so that policies need none.
/// </summary>
internal sealed partial class ConnectionManager : IDisposable
{
    private readonly GrpcChannel _channel;
    private readonly Resolver _resolver;
    private readonly ServiceConfig? _ownConfig;
    private readonly bool _ignoresResolvedConfig;
    private readonly Dictionary<string, LoadBalancerFactory> _policies;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private readonly List<Subchannel> _subchannels = [];
    private TaskCompletionSource _stateChanged = NewSignal();
    private volatile PickerTurn _picker = new(QueuePicker.Instance);
    private BalancerSlot? _active;
    private BalancerSlot? _pending;
    private ServiceConfig? _config;
    private ConnectivityState _state = ConnectivityState.Idle;
    private string? _healthService;
    private bool _isStarted;
    private bool _isDisposed;

    public ConnectionManager(GrpcChannel channel, Resolver resolver, ISubchannelTransport transport, GrpcChannelOptions options, ILoggerFactory loggers)
    {
        _channel = channel;
        _resolver = resolver;
        _loggers = loggers;
        _logger = loggers.CreateLogger<ConnectionManager>();
        _ownConfig = options.ServiceConfig;
        _config = _ownConfig;
        _ignoresResolvedConfig = options.DisableResolverServiceConfig;
        _policies = ChannelServices.Balancers(options);
        Transport = transport;
        Backoff = new Backoff(options.InitialReconnectBackoff, options.MaxReconnectBackoff);
        Time = ChannelServices.Time(options);
        // What the application itself says must be right; what a resolver says may be ignored.
        if (_ownConfig is { LoadBalancingConfigs.Count: > 0 }) Choose(_ownConfig);
        SubchannelMetrics.Add(this);
    }

    /// <summary>The lock of the channel's resolver results, policies and subchannels.</summary>
    public Lock Gate { get; } = new();

    public ISubchannelTransport Transport { get; }

    public Backoff Backoff { get; }

    public TimeProvider Time { get; }

    public string Target => _channel.Target;

    public ConnectivityState State
    {
        get
        {
            lock (Gate) return _state;
        }
    }

    /// <summary>The servers, in the order in which they were found.</summary>
    public IReadOnlyList<Subchannel> Subchannels
    {
        get
        {
            lock (Gate) return [.. _subchannels];
        }
    }

    /// <summary>Makes calls that go to one server, whatever the policy picks.</summary>
    public CallInvoker InvokerFor(Subchannel subchannel) => new ChannelCallInvoker(_channel, subchannel);

    /// <summary>Waits until the policy has a server for a call.</summary>
    /// <param name="request">The request that is about to be sent.</param>
    /// <param name="waitForReady">Whether the call waits where it would fail.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RpcException">There is no server.</exception>
    public async ValueTask<Picked> PickAsync(HttpRequestMessage request, bool waitForReady, CancellationToken cancellationToken)
    {
        Start();
        var context = new PickContext { Request = request };
        while (true)
        {
            var turn = _picker;
            var result = turn.Picker.Pick(context);
            switch (result.Type)
            {
                // One that was lost a moment ago has no address: the policy is about to hear of it.
                case PickResultType.Complete when result.Subchannel!.CurrentAddress is { } address:
                    return new Picked(result.Subchannel, address, result.SubchannelCallTracker);
                case PickResultType.Fail when !waitForReady:
                case PickResultType.Drop:
                    throw new RpcException(result.Status);
            }

            await turn.Replaced.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Takes a server that was not picked.</summary>
    /// <exception cref="RpcException">It is not connected.</exception>
    public Picked Take(Subchannel server)
    {
        Start();
        return server.CurrentAddress is { } address
            ? new Picked(server, address, null)
            : throw new RpcException(new Status(StatusCode.Unavailable, ErrorMapping.NotConnected));
    }

    public async Task ConnectAsync(CancellationToken cancellationToken)
    {
        Start();
        while (true)
        {
            ConnectivityState state;
            lock (Gate)
            {
                state = _state;
                if (state == ConnectivityState.Idle) _active?.Balancer.RequestConnection();
            }

            if (state == ConnectivityState.Ready) return;
            ObjectDisposedException.ThrowIf(state == ConnectivityState.Shutdown, _channel);
            await WaitForStateChangedAsync(state, cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task WaitForStateChangedAsync(ConnectivityState lastObservedState, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (Gate)
            {
                if (_state != lastObservedState) return;
                changed = _stateChanged.Task;
            }

            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public Subchannel CreateSubchannel(IReadOnlyList<BalancerAddress> addresses)
    {
        lock (Gate)
        {
            var subchannel = new Subchannel(this, addresses);
            _subchannels.Add(subchannel);
            subchannel.WatchHealth(_healthService);
            return subchannel;
        }
    }

    public void Remove(Subchannel subchannel)
    {
        lock (Gate) _subchannels.Remove(subchannel);
    }

    public void RefreshResolver()
    {
        lock (Gate)
        {
            if (!_isDisposed && _isStarted) _resolver.Refresh();
        }
    }

    /// <summary>Takes what a policy says, if it is the one that counts, or becomes it now.</summary>
    public void Publish(BalancerSlot slot)
    {
        lock (Gate)
        {
            if (_isDisposed) return;
            if (slot == _pending)
            {
                // The old policy goes on until the new one is connected, or there is nothing to lose.
                var isOnItsWay = slot.State.ConnectivityState is ConnectivityState.Connecting or ConnectivityState.Idle;
                if (isOnItsWay && _active?.State.ConnectivityState == ConnectivityState.Ready) return;
                var old = _active;
                (_active, _pending) = (slot, null);
                old?.Dispose();
            }

            if (slot == _active) Publish(slot.State);
        }
    }

    public void Dispose()
    {
        lock (Gate)
        {
            if (_isDisposed) return;
            _isDisposed = true;
            _pending?.Dispose();
            _active?.Dispose();
            SetState(ConnectivityState.Shutdown);
            _picker.Replace();
        }

        _resolver.Dispose();
        SubchannelMetrics.Remove(this);
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Start()
    {
        lock (Gate)
        {
            if (_isStarted || _isDisposed) return;
            _isStarted = true;
            SetState(ConnectivityState.Connecting);
        }

        // Outside the lock: it may wait for something that answers under it.
        _resolver.Start(OnResolved);
    }

    private void OnResolved(ResolverResult result)
    {
        lock (Gate)
        {
            if (_isDisposed) return;
            try
            {
                TakeConfig(result);
                Apply(result);
            }
            catch (Exception e)
            {
                // A policy of the application's own that fails must not take the resolver down with it.
                LogPolicyFailed(_logger, e);
                Publish(new BalancerState(
                    ConnectivityState.TransientFailure,
                    new FailurePicker(new Status(StatusCode.Internal, $"The balancing policy failed: {e.Message}", e))));
            }
        }
    }

    /// <summary>Takes the resolver's config, if it can be used. New addresses count either way.</summary>
    private void TakeConfig(ResolverResult result)
    {
        if (_ignoresResolvedConfig || result.Addresses is null) return;
        if (result.ServiceConfigStatus is { StatusCode: not StatusCode.OK } unreadable)
        {
            LogBadConfig(_logger, unreadable.Detail, null);
            return;
        }

        var config = result.ServiceConfig ?? _ownConfig;
        if (config == _config) return;
        try
        {
            if (config is { LoadBalancingConfigs.Count: > 0 }) Choose(config);
            _channel.UsePolicies(config);
            _config = config;
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or InvalidCastException)
        {
            LogBadConfig(_logger, e.Message, e);
        }
    }

    private void Apply(ResolverResult result)
    {
        if (result.Addresses is null && (_pending ?? _active) is null)
        {
            Publish(new BalancerState(ConnectivityState.TransientFailure, new FailurePicker(result.Status)));
            return;
        }

        var (name, settings) = _config is { LoadBalancingConfigs.Count: > 0 }
            ? Choose(_config)
            : (LoadBalancingConfig.PickFirstPolicyName, new PickFirstConfig());
        // Picking the first is keeping to one server: its health is its connection.
        _healthService = name == LoadBalancingConfig.PickFirstPolicyName ? null : HealthService(_config);
        foreach (var subchannel in _subchannels.ToArray()) subchannel.WatchHealth(_healthService);

        Use(name, settings).Balancer.UpdateChannelState(new ChannelState(result.Status, result.Addresses, settings, result.Attributes));
    }

    private BalancerSlot Use(string name, LoadBalancingConfig settings)
    {
        var latest = _pending ?? _active;
        var configuration = settings.Inner[name] as IDictionary<string, object> ?? new Dictionary<string, object>();
        if (latest is not null && latest.PolicyName == name && SameSettings(latest, configuration)) return latest;

        var slot = new BalancerSlot(this, name) { Settings = configuration };
        try
        {
            slot.Create(_policies[name], helper => new LoadBalancerOptions(helper, _loggers, configuration));
        }
        catch (InvalidOperationException e) when (latest is not null)
        {
            // The policy that there is takes the new addresses.
            LogBadConfig(_logger, e.Message, e);
            return latest;
        }

        _pending?.Dispose();
        _pending = slot;
        return slot;
    }

    private static bool SameSettings(BalancerSlot slot, IDictionary<string, object> configuration) =>
        slot.Settings.Count == configuration.Count
        && configuration.All(setting => slot.Settings.TryGetValue(setting.Key, out var value) && Equals(value, setting.Value));

    /// <summary>The first policy that is known.</summary>
    /// <exception cref="InvalidOperationException">None is.</exception>
    private (string Name, LoadBalancingConfig Settings) Choose(ServiceConfig config)
    {
        foreach (var candidate in config.LoadBalancingConfigs)
        {
            if (_policies.ContainsKey(candidate.PolicyName)) return (candidate.PolicyName, candidate);
        }

        var asked = string.Join(", ", config.LoadBalancingConfigs.Select(c => $"'{c.PolicyName}'"));
        throw new InvalidOperationException(
            $"The service config asks for the balancing {(config.LoadBalancingConfigs.Count == 1 ? "policy" : "policies")} {asked}; "
            + $"known: {string.Join(", ", _policies.Keys)}.");
    }

    private static string? HealthService(ServiceConfig? config) =>
        config is not null && config.Inner.TryGetValue("healthCheckConfig", out var value) && value is IDictionary<string, object> health
            ? health.TryGetValue("serviceName", out var service) ? service as string ?? "" : ""
            : null;

    private void Publish(BalancerState state)
    {
        SetState(state.ConnectivityState);
        var old = _picker;
        _picker = new PickerTurn(state.Picker);
        old.Replace();
    }

    private void SetState(ConnectivityState state)
    {
        if (state == _state) return;
        _state = state;
        _stateChanged.TrySetResult();
        _stateChanged = NewSignal();
    }

    [LoggerMessage(EventId = 50, Level = LogLevel.Warning, Message = "A service config is not used: {Reason}")]
    private static partial void LogBadConfig(ILogger logger, string reason, Exception? exception);

    [LoggerMessage(EventId = 51, Level = LogLevel.Error, Message = "A balancing policy failed.")]
    private static partial void LogPolicyFailed(ILogger logger, Exception exception);

    /// <summary>A picker, and the signal that there is another.</summary>
    private sealed class PickerTurn(SubchannelPicker picker)
    {
        private readonly TaskCompletionSource _replaced = NewSignal();

        public SubchannelPicker Picker => picker;

        public Task Replaced => _replaced.Task;

        public void Replace() => _replaced.TrySetResult();
    }
}

/// <summary>The server of a call.</summary>
/// <param name="Subchannel">The server.</param>
/// <param name="Address">Its address.</param>
/// <param name="Tracker">Hears of the call's beginning and end; null for nobody.</param>
internal readonly record struct Picked(Subchannel Subchannel, BalancerAddress Address, ISubchannelCallTracker? Tracker);
