using Grpc.Core;

namespace Grpc.Net.Client.Internal;

/// <summary>The connections of a channel to its one server, as far as the channel shows them.</summary>
internal interface IConnectivity : IDisposable
{
    ConnectivityState State { get; }

    /// <summary>Connects, if there is no connection; tries until it succeeds.</summary>
    Task ConnectAsync(CancellationToken cancellationToken);

    Task WaitForStateChangedAsync(ConnectivityState lastObservedState, CancellationToken cancellationToken);
}

/// <summary>Counts connections and attempts at them, and tells those who wait when that changes the state. Any thread.</summary>
internal sealed class ConnectivityTracker
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _changed = NewSignal();
    private ConnectivityState _state = ConnectivityState.Idle;
    private int _connecting;
    private int _open;
    private bool _hasLastFailed;
    private bool _isClosed;

    public ConnectivityState State
    {
        get
        {
            lock (_gate) return _state;
        }
    }

    public void OnConnecting() => Count(connecting: 1, open: 0);

    public void OnConnected() => Count(connecting: -1, open: 1, hasFailed: false);

    /// <param name="isServers">The server has failed; otherwise somebody gave up.</param>
    public void OnNotConnected(bool isServers) => Count(connecting: -1, open: 0, isServers ? true : null);

    public void OnLost() => Count(connecting: 0, open: -1);

    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            Update();
        }
    }

    public async Task WaitForChangeAsync(ConnectivityState lastObservedState, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (_state != lastObservedState) return;
                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Count(int connecting, int open, bool? hasFailed = null)
    {
        lock (_gate)
        {
            _connecting += connecting;
            _open += open;
            if (hasFailed is { } failed) _hasLastFailed = failed;
            Update();
        }
    }

    private void Update()
    {
        var state = _isClosed ? ConnectivityState.Shutdown
            : _open > 0 ? ConnectivityState.Ready
            : _connecting > 0 ? ConnectivityState.Connecting
            : _hasLastFailed ? ConnectivityState.TransientFailure
            : ConnectivityState.Idle;
        if (state == _state) return;

        _state = state;
        _changed.TrySetResult();
        _changed = NewSignal();
    }
}
