using System.Net;

namespace Grpc.Net.Client.Balancer;

/// <summary>Where a server of a service listens.</summary>
public sealed class BalancerAddress
{
    private BalancerAttributes? _attributes;

    /// <summary>Creates an address.</summary>
    /// <param name="endPoint">Host and port.</param>
    /// <exception cref="ArgumentNullException">The end point is null.</exception>
    public BalancerAddress(DnsEndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        EndPoint = endPoint;
    }

    /// <summary>Creates an address.</summary>
    /// <param name="host">The host's name or IP address.</param>
    /// <param name="port">The port, 0 to 65535.</param>
    /// <exception cref="ArgumentNullException">The host is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The port is out of range.</exception>
    public BalancerAddress(string host, int port)
        : this(new DnsEndPoint(host, port))
    {
    }

    /// <summary>Host and port.</summary>
    public DnsEndPoint EndPoint { get; }

    /// <summary>What else is known about the server, for balancing policies.</summary>
    public BalancerAttributes Attributes => _attributes ??= new BalancerAttributes();

    /// <summary>For example <c>10.0.0.1:80</c>.</summary>
    public override string ToString() => EndPoint.Host.Contains(':', StringComparison.Ordinal)
        ? $"[{EndPoint.Host}]:{EndPoint.Port}"
        : $"{EndPoint.Host}:{EndPoint.Port}";

    internal bool TryGetAttribute<TValue>(BalancerAttributesKey<TValue> key, out TValue? value)
    {
        value = default;
        return _attributes is not null && _attributes.TryGetValue(key, out value);
    }
}
