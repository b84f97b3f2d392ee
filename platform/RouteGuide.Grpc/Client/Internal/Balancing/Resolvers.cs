using System.Net;
using System.Net.Sockets;
using Grpc.Net.Client.Balancer;

namespace Grpc.Net.Client.Internal.Balancing;

/// <summary>A list of addresses that stays as it is.</summary>
internal sealed class StaticResolver(IReadOnlyList<BalancerAddress> addresses) : Resolver
{
    public override void Start(Action<ResolverResult> listener) => listener(ResolverResult.ForResult(addresses));
}

/// <summary>Asks DNS: at the start, every so often, and when a connection was lost, but never more often than every 15 seconds.</summary>
internal sealed class DnsResolver : PollingResolver
{
    /// <summary>The host that an address stands for: what calls to it ask for, and what its certificate is for.</summary>
    public static readonly BalancerAttributesKey<string> HostOverride = new("HostOverride");

    private static readonly TimeSpan LeastInterval = TimeSpan.FromSeconds(15);

    private readonly string _host;
    private readonly int _port;
    private readonly string _authority;
    private readonly TimeSpan _refreshInterval;
    private readonly TimeProvider _time;
    private ITimer? _timer;
    private long? _lastAsked;

    public DnsResolver(ResolverOptions options, TimeSpan refreshInterval)
        : base(options.LoggerFactory, new BackoffFactory(options.ChannelOptions))
    {
        var address = options.Address;
        if (address.Authority.Length > 0)
            throw new ArgumentException($"The address '{address}' names a DNS server, '{address.Authority}', which is not supported: use dns:///host:port.", nameof(options));
        _authority = address.AbsolutePath.Trim('/');
        if (!Uri.TryCreate($"dns://{_authority}", UriKind.Absolute, out var target) || target.Host.Length == 0)
            throw new ArgumentException($"The address '{address}' names no host: use dns:///host:port.", nameof(options));

        _host = target.IdnHost;
        _port = target.IsDefaultPort || target.Port < 0 ? options.DefaultPort : target.Port;
        _refreshInterval = refreshInterval;
        _time = ChannelServices.Time(options.ChannelOptions);
    }

    protected override void OnStarted()
    {
        if (_refreshInterval <= TimeSpan.Zero) return;
        _timer = _time.CreateTimer(static resolver => ((DnsResolver)resolver!).Refresh(), this, _refreshInterval, _refreshInterval);
    }

    protected override async Task ResolveAsync(CancellationToken cancellationToken)
    {
        if (_lastAsked is { } last && LeastInterval - _time.GetElapsedTime(last) is { Ticks: > 0 } rest)
            await Task.Delay(rest, _time, cancellationToken).ConfigureAwait(false);
        _lastAsked = _time.GetTimestamp();

        IPAddress[] found;
        try
        {
            found = await Dns.GetHostAddressesAsync(_host, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            throw new InvalidOperationException($"DNS has no addresses for '{_host}': {e.Message}", e);
        }

        if (found.Length == 0) throw new InvalidOperationException($"DNS has no addresses for '{_host}'.");
        Listener(ResolverResult.ForResult([.. found.Distinct().Select(Address)]));
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _timer?.Dispose();
        base.Dispose(disposing);
    }

    private BalancerAddress Address(IPAddress ip)
    {
        var address = new BalancerAddress(ip.ToString(), _port);
        address.Attributes.Set(HostOverride, _authority);
        return address;
    }

    private sealed class BackoffFactory(GrpcChannelOptions options) : IBackoffPolicyFactory
    {
        public IBackoffPolicy Create() => new Policy(new Backoff(options.InitialReconnectBackoff, options.MaxReconnectBackoff));

        private sealed class Policy(Backoff backoff) : IBackoffPolicy
        {
            private int _attempt;

            public TimeSpan NextBackoff() => backoff.Next(_attempt++);
        }
    }
}
