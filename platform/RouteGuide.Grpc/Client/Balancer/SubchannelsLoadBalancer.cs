using System.Net;
using Grpc.Core;
using Grpc.Net.Client.Internal.Balancing;
using Microsoft.Extensions.Logging;

namespace Grpc.Net.Client.Balancer;

/// <summary>A policy that keeps a subchannel for each address and picks among those that are connected.</summary>
public abstract class SubchannelsLoadBalancer : LoadBalancer
{
    private readonly Dictionary<DnsEndPoint, Entry> _entries = [];
    private bool _isDisposed;

    /// <summary>Creates a policy.</summary>
    /// <param name="controller">The channel.</param>
    /// <param name="loggerFactory">Makes loggers.</param>
    protected SubchannelsLoadBalancer(IChannelControlHelper controller, ILoggerFactory loggerFactory)
    {
        ArgumentNullException.ThrowIfNull(controller);
        Controller = controller;
        Logger = loggerFactory.CreateLogger(GetType());
    }

    /// <summary>The channel.</summary>
    protected IChannelControlHelper Controller { get; }

    /// <summary>How the channel is connected.</summary>
    protected ConnectivityState State { get; private set; } = ConnectivityState.Idle;

    private protected ILogger Logger { get; }

    /// <inheritdoc/>
    public override void UpdateChannelState(ChannelState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (state.Addresses is not { Count: > 0 } addresses)
        {
            // Addresses that were good a moment ago are better than none.
            if (state.Status.StatusCode != StatusCode.OK && _entries.Count > 0) return;
            Remove([.. _entries.Keys]);
            Fail(state.Status.StatusCode == StatusCode.OK ? new Status(StatusCode.Unavailable, "Resolver returned no addresses.") : state.Status);
            return;
        }

        var wanted = new HashSet<DnsEndPoint>();
        foreach (var address in addresses)
        {
            // A server that is listed twice is one server.
            if (!wanted.Add(address.EndPoint)) continue;
            if (_entries.TryGetValue(address.EndPoint, out var present)) present.Subchannel.UpdateAddresses([address]);
            else Add(address);
        }

        Remove([.. _entries.Keys.Where(endPoint => !wanted.Contains(endPoint))]);
        Publish();
    }

    /// <inheritdoc/>
    public override void RequestConnection()
    {
        foreach (var entry in _entries.Values) entry.Subchannel.RequestConnection();
    }

    /// <summary>Makes the picker for the servers that are connected; at least one.</summary>
    /// <param name="readySubchannels">The servers, in the order of their addresses.</param>
    protected abstract SubchannelPicker CreatePicker(IReadOnlyList<Subchannel> readySubchannels);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _isDisposed = true;
            Remove([.. _entries.Keys]);
        }

        base.Dispose(disposing);
    }

    private void Add(BalancerAddress address)
    {
        var entry = new Entry(Controller.CreateSubchannel(new SubchannelOptions([address])));
        _entries.Add(address.EndPoint, entry);
        entry.Registration = entry.Subchannel.OnStateChanged(state => OnStateChanged(entry, state));
        entry.Subchannel.RequestConnection();
    }

    private void Remove(DnsEndPoint[] endPoints)
    {
        foreach (var endPoint in endPoints)
        {
            _entries.Remove(endPoint, out var entry);
            entry!.Registration?.Dispose();
            entry.Subchannel.Dispose();
        }
    }

    private void OnStateChanged(Entry entry, SubchannelState state)
    {
        if (_isDisposed) return;
        entry.State = state;
        // Whoever lost its connection gets another: its turn will come.
        if (state.State == ConnectivityState.Idle) entry.Subchannel.RequestConnection();
        else Publish();
    }

    private void Publish()
    {
        if (_isDisposed) return;
        List<Subchannel> ready = [.. _entries.Values.Where(entry => entry.State.State == ConnectivityState.Ready).Select(entry => entry.Subchannel)];
        if (ready.Count > 0) Update(ConnectivityState.Ready, CreatePicker(ready));
        else if (_entries.Values.Any(entry => entry.State.State is ConnectivityState.Connecting or ConnectivityState.Idle))
            Update(ConnectivityState.Connecting, QueuePicker.Instance);
        else Fail(_entries.Values.First(entry => entry.State.State == ConnectivityState.TransientFailure).State.Status);
    }

    private void Fail(Status status) => Update(ConnectivityState.TransientFailure, new FailurePicker(status));

    private void Update(ConnectivityState state, SubchannelPicker picker)
    {
        State = state;
        Controller.UpdateState(new BalancerState(state, picker));
    }

    private sealed class Entry(Subchannel subchannel)
    {
        public Subchannel Subchannel => subchannel;

        public SubchannelState State { get; set; } = new(ConnectivityState.Idle, Status.DefaultSuccess);

        public IDisposable? Registration { get; set; }
    }
}
