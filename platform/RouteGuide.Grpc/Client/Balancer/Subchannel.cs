using Grpc.Core;
using Grpc.Net.Client.Internal;
using Grpc.Net.Client.Internal.Balancing;

namespace Grpc.Net.Client.Balancer;

/// <summary>
/// A way to one server: its addresses, and whether one of them is connected. All changes are made, and told, one at a time in the whole channel.
/// </summary>
public sealed class Subchannel : IDisposable
{
    private readonly ConnectionManager _manager;
    private readonly List<Action<SubchannelState>> _listeners = [];
    private IReadOnlyList<BalancerAddress> _addresses;
    private BalancerAttributes? _attributes;
    private CancellationTokenSource? _connecting;
    private IDisposable? _lease;
    private HealthWatch? _health;
    private string? _healthService;
    private SubchannelState _link = new(ConnectivityState.Idle, Status.DefaultSuccess);
    private SubchannelState _told = new(ConnectivityState.Idle, Status.DefaultSuccess);
    private volatile BalancerAddress? _current;
    private bool _isDisposed;

    internal Subchannel(ConnectionManager manager, IReadOnlyList<BalancerAddress> addresses)
    {
        _manager = manager;
        _addresses = addresses;
    }

    /// <summary>The address that is connected; null for none.</summary>
    public BalancerAddress? CurrentAddress => _current;

    /// <summary>What else is known about the server, for balancing policies.</summary>
    public BalancerAttributes Attributes
    {
        get
        {
            lock (_manager.Gate) return _attributes ??= new BalancerAttributes();
        }
    }

    /// <summary>Its state as policies see it, with health.</summary>
    internal SubchannelState State
    {
        get
        {
            lock (_manager.Gate) return _told;
        }
    }

    /// <summary>What its calls came to.</summary>
    internal CallCounts Counts { get; } = new();

    /// <summary>The addresses of which one is used.</summary>
    public IReadOnlyList<BalancerAddress> GetAddresses()
    {
        lock (_manager.Gate) return _addresses;
    }

    /// <summary>Hears of each change of state, until the result is disposed.</summary>
    /// <param name="callback">Takes the state.</param>
    /// <exception cref="ArgumentNullException">The callback is null.</exception>
    public IDisposable OnStateChanged(Action<SubchannelState> callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        lock (_manager.Gate) _listeners.Add(callback);
        return new Registration(this, callback);
    }

    /// <summary>Connects, if it is idle.</summary>
    public void RequestConnection()
    {
        lock (_manager.Gate)
        {
            if (_isDisposed || _link.State != ConnectivityState.Idle) return;
            _connecting = new CancellationTokenSource();
            SetLink(ConnectivityState.Connecting);
            _ = ConnectAsync(_connecting.Token);
        }
    }

    /// <summary>Changes the addresses. A connection to one that stays is kept.</summary>
    /// <param name="addresses">The addresses.</param>
    /// <exception cref="ArgumentException">There are none.</exception>
    public void UpdateAddresses(IReadOnlyList<BalancerAddress> addresses)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        if (addresses.Count == 0) throw new ArgumentException("A subchannel needs at least one address.", nameof(addresses));
        lock (_manager.Gate)
        {
            var isSame = _addresses.Select(a => a.EndPoint).SequenceEqual(addresses.Select(a => a.EndPoint));
            _addresses = addresses;
            if (_current is { } current)
            {
                _current = addresses.FirstOrDefault(a => a.EndPoint.Equals(current.EndPoint));
                if (_current is not null) return;
            }

            if (_isDisposed || isSame || _link.State == ConnectivityState.Idle) return;
            Disconnect();
            SetLink(ConnectivityState.Idle);
            RequestConnection();
        }
    }

    /// <summary>Ends it. Calls that run go on.</summary>
    public void Dispose()
    {
        lock (_manager.Gate)
        {
            if (_isDisposed) return;
            _isDisposed = true;
            Disconnect();
            SetLink(ConnectivityState.Shutdown);
            _listeners.Clear();
            _manager.Remove(this);
        }
    }

    /// <summary>The addresses.</summary>
    public override string ToString() => string.Join(", ", GetAddresses());

    /// <summary>Has its health watched as that of a service, or not at all. The same again changes nothing.</summary>
    internal void WatchHealth(string? service)
    {
        lock (_manager.Gate)
        {
            if (_isDisposed || service == _healthService) return;
            _healthService = service;
            StopWatch();
            if (_link.State == ConnectivityState.Ready) OnConnected();
        }
    }

    private async Task ConnectAsync(CancellationToken cancellationToken)
    {
        // Never inside the lock of whoever asked for it.
        await Task.Yield();
        try
        {
            for (var attempt = 0; ; attempt++)
            {
                var failure = await TryConnectAsync(cancellationToken).ConfigureAwait(false);
                if (failure is null) return;

                lock (_manager.Gate)
                {
                    if (cancellationToken.IsCancellationRequested) return;
                    SetLink(ConnectivityState.TransientFailure, new Status(StatusCode.Unavailable, ErrorMapping.NotConnected, failure));
                    _manager.RefreshResolver();
                }

                await Task.Delay(_manager.Backoff.Next(attempt), _manager.Time, cancellationToken).ConfigureAwait(false);
                lock (_manager.Gate)
                {
                    if (cancellationToken.IsCancellationRequested) return;
                    SetLink(ConnectivityState.Connecting);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Its addresses have changed, or it is gone.
        }
    }

    /// <summary>Tries each address. Returns the last error; null for none.</summary>
    private async Task<Exception?> TryConnectAsync(CancellationToken cancellationToken)
    {
        Exception? failure = null;
        foreach (var address in GetAddresses())
        {
            try
            {
                var lease = await _manager.Transport.ConnectAsync(address.EndPoint, () => OnLost(address), cancellationToken).ConfigureAwait(false);
                lock (_manager.Gate)
                {
                    if (cancellationToken.IsCancellationRequested)
                    {
                        lease.Dispose();
                        return null;
                    }

                    _lease = lease;
                    _current = address;
                    SetLink(ConnectivityState.Ready);
                }

                return null;
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                failure = e;
            }
        }

        return failure;
    }

    private void OnLost(BalancerAddress address)
    {
        lock (_manager.Gate)
        {
            if (_isDisposed || _current is not { } current || !current.EndPoint.Equals(address.EndPoint)) return;
            Disconnect();
            _manager.RefreshResolver();
            SetLink(ConnectivityState.Idle);
        }
    }

    private void Disconnect()
    {
        StopWatch();
        _connecting?.Cancel();
        _connecting = null;
        _lease?.Dispose();
        _lease = null;
        _current = null;
    }

    private void SetLink(ConnectivityState state, Status status = default)
    {
        _link = new SubchannelState(state, state == ConnectivityState.TransientFailure ? status : Status.DefaultSuccess);
        if (state == ConnectivityState.Ready) OnConnected();
        else Tell(_link);
    }

    private void OnConnected()
    {
        if (_healthService is null)
        {
            Tell(_link);
            return;
        }

        // Connected is not healthy: the server is asked first.
        Tell(new SubchannelState(ConnectivityState.Connecting, Status.DefaultSuccess));
        _health = HealthWatch.Start(_manager, this, _healthService, OnHealth);
    }

    private void OnHealth(HealthWatch watch, Status status)
    {
        lock (_manager.Gate)
        {
            if (watch != _health) return;
            Tell(status.StatusCode == StatusCode.OK ? _link : new SubchannelState(ConnectivityState.TransientFailure, status));
        }
    }

    private void StopWatch()
    {
        _health?.Dispose();
        _health = null;
    }

    private void Tell(SubchannelState state)
    {
        if (state.State == _told.State && state.Status.Equals(_told.Status)) return;
        _told = state;
        foreach (var listener in _listeners.ToArray()) listener(state);
    }

    private sealed class Registration(Subchannel subchannel, Action<SubchannelState> callback) : IDisposable
    {
        public void Dispose()
        {
            lock (subchannel._manager.Gate) subchannel._listeners.Remove(callback);
        }
    }
}
