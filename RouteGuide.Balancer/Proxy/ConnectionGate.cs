using System.Net;
using System.Net.Sockets;
using RouteGuide.Balancer.Proxy.Metering;
using RouteGuide.Balancer.Transport;

namespace RouteGuide.Balancer.Proxy;

/// <summary>
/// Counts client connections as they are accepted, before they cost anything: in all and, where that is limited, per address. Whoever
/// comes beyond a limit is closed at once, which leaves those that are there alone.
/// </summary>
internal sealed class ConnectionGate(ProxyLimits limits, MeterBook meters, ILogger logger) : IConnectionGate
{
    private readonly Dictionary<IPAddress, int> _byAddress = [];
    private int _count;
    private int _full; // 1 since the limit was met, so that a flood leaves one line and not one per connection

    /// <summary>Connections that are open.</summary>
    public int Count => Volatile.Read(ref _count);

    public bool TryEnter(IPAddress from)
    {
        if (!TryEnter()) return false;
        if (TryEnterAddress(from)) return true;
        Leave();
        return false;
    }

    public void Leave(IPAddress from)
    {
        Leave();
        LeaveAddress(from);
    }

    /// <summary>Counts a connection in whose client is not known yet; <see cref="TryEnterAddress"/> is to follow.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _count) > limits.MaxConnections)
        {
            Interlocked.Decrement(ref _count);
            meters.OnRejected();
            if (Interlocked.Exchange(ref _full, 1) == 0) logger.LogWarning("There are {Count} client connections, as many as are allowed; further ones are closed", limits.MaxConnections);
            return false;
        }

        meters.OnAccepted();
        return true;
    }

    /// <summary>Counts out what <see cref="TryEnter()"/> has counted in.</summary>
    public void Leave()
    {
        meters.OnClosed();
        if (Interlocked.Decrement(ref _count) < limits.MaxConnections * 9L / 10) Volatile.Write(ref _full, 0);
    }

    /// <summary>Counts out what <see cref="TryEnterAddress"/> has counted in.</summary>
    public void LeaveAddress(IPAddress from)
    {
        if (limits.MaxConnectionsPerAddress == 0) return;
        var key = KeyOf(from);
        lock (_byAddress)
        {
            if (--_byAddress[key] == 0) _byAddress.Remove(key);
        }
    }

    /// <summary>Counts a connection of a client in, apart from the count of all.</summary>
    public bool TryEnterAddress(IPAddress from)
    {
        if (limits.MaxConnectionsPerAddress == 0) return true;
        var key = KeyOf(from);
        lock (_byAddress)
        {
            var count = _byAddress.GetValueOrDefault(key);
            if (count >= limits.MaxConnectionsPerAddress)
            {
                meters.OnRejected();
                return false;
            }

            _byAddress[key] = count + 1;
            return true;
        }
    }

    // One host has a whole /64 of IPv6 to come from.
    private static IPAddress KeyOf(IPAddress from)
    {
        if (from.IsIPv4MappedToIPv6) return from.MapToIPv4();
        if (from.AddressFamily != AddressFamily.InterNetworkV6) return from;
        Span<byte> octets = stackalloc byte[16];
        from.TryWriteBytes(octets, out _);
        octets[8..].Clear();
        return new IPAddress(octets);
    }
}
