using System.Net.Sockets;
using RouteGuide.Balancer.Proxy;
using RouteGuide.Balancer.Transport.Tls;

namespace RouteGuide.Balancer;

/// <summary>
/// The addresses where calls come in. They are taken at the start and as the configuration changes; one that a reload asks for and somebody
/// else has is tried again until it can be had. Any thread.
/// </summary>
internal sealed class FrontListeners : IDisposable
{
    private readonly ProxyEngine _engine;
    private readonly Func<ListenerSettings, RunningListener> _running;
    private readonly TlsFront? _tls;
    private readonly ILogger _logger;
    private readonly TimeSpan _retryInterval;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Bound> _bound = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, ListenerSettings> _wanted = new(StringComparer.OrdinalIgnoreCase); // could not be had yet
    private readonly ITimer _retry;
    private bool _disposed;

    /// <param name="engine">Takes connections.</param>
    /// <param name="running">What a listener's connections have in common.</param>
    /// <param name="tls">Null if the balancer started without certificates.</param>
    /// <param name="retryInterval">Between two attempts at an address that is in use.</param>
    /// <param name="time">For them.</param>
    /// <param name="logger">Is told what is listened on, and what cannot be.</param>
    public FrontListeners(ProxyEngine engine, Func<ListenerSettings, RunningListener> running, TlsFront? tls, TimeSpan retryInterval, TimeProvider time, ILogger logger)
    {
        (_engine, _running, _tls, _retryInterval, _logger) = (engine, running, tls, retryInterval, logger);
        _retry = time.CreateTimer(_ => Retry(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Those that are listened on, with the ports that were chosen.</summary>
    public IReadOnlyList<ListenerSettings> Current
    {
        get
        {
            lock (_lock) return [.. _bound.Values.Select(b => b.Settings with { Name = b.Settings.Name, Port = b.Fronts[0].Address.Port })];
        }
    }

    /// <summary>Takes an address.</summary>
    /// <exception cref="IOException">It cannot be listened on.</exception>
    public void Listen(ListenerSettings listener)
    {
        lock (_lock) Take(listener);
    }

    /// <summary>Leaves what is not configured any more, and takes what has come. The others are not touched.</summary>
    /// <param name="configured">All that calls are to come in by.</param>
    public void Apply(IReadOnlyCollection<ListenerSettings> configured)
    {
        lock (_lock)
        {
            if (_disposed) return;
            _wanted.Clear();
            foreach (var name in _bound.Keys.Except(from l in configured where IsBound(l) select l.Name, StringComparer.OrdinalIgnoreCase).ToList())
            {
                _bound.Remove(name, out var gone);
                _logger.LogInformation("No more calls are taken on {Url}", gone!.Settings);
                foreach (var front in gone.Fronts) _engine.Unlisten(front);
            }

            foreach (var listener in configured)
            {
                if (_bound.TryGetValue(listener.Name, out var known))
                {
                    _bound[listener.Name] = new Bound(listener, [.. known.Fronts.Select(f => _engine.Change(f, f with { ProxyProtocol = listener.Attributes.ProxyProtocol }))]);
                    continue;
                }

                if (listener.IsTls && _tls is null) _logger.LogError("Nothing listens on {Url}: certificates are loaded when the balancer starts, and it started without", listener);
                else if (!TryTake(listener, out var reason))
                {
                    _logger.LogError("Nothing listens on {Url}, which is tried again each {Interval} s: {Reason}", listener, _retryInterval.TotalSeconds, reason);
                    _wanted.Add(listener.Name, listener);
                }
            }

            Rearm();
        }
    }

    public void Dispose()
    {
        lock (_lock) _disposed = true;
        _retry.Dispose();
    }

    private bool IsBound(ListenerSettings listener) => _bound.TryGetValue(listener.Name, out var known) && $"{known.Settings}" == $"{listener}";

    private void Retry()
    {
        lock (_lock)
        {
            if (_disposed) return;
            foreach (var listener in _wanted.Values.ToArray())
            {
                if (TryTake(listener, out _)) _wanted.Remove(listener.Name);
            }

            Rearm();
        }
    }

    private void Rearm() => _retry.Change(_wanted.Count > 0 ? _retryInterval : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    private bool TryTake(ListenerSettings listener, out string reason)
    {
        reason = "";
        try
        {
            Take(listener);
            _logger.LogInformation("Calls are taken on {Url}", listener);
            return true;
        }
        catch (IOException e)
        {
            reason = e.Message;
            return false;
        }
    }

    private void Take(ListenerSettings listener)
    {
        var running = _running(listener);
        var fronts = new List<FrontListener>();
        try
        {
            foreach (var address in listener.Addresses)
            {
                fronts.Add(_engine.Listen(new FrontListener(address, listener.IsTls ? _tls : null) { Listener = running.Proxy, Tcp = running.Tcp, ProxyProtocol = listener.Attributes.ProxyProtocol }));
            }
        }
        catch (SocketException e)
        {
            foreach (var front in fronts) _engine.Unlisten(front);
            throw new IOException(e.SocketErrorCode == SocketError.AddressAlreadyInUse ? $"cannot listen on {listener}: the address is in use" : $"cannot listen on {listener}: {e.Message}", e);
        }

        _bound.Add(listener.Name, new Bound(listener, fronts));
    }

    private sealed record Bound(ListenerSettings Settings, IReadOnlyList<FrontListener> Fronts);
}
