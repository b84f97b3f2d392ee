using System.Net.Sockets;
using RouteGuide.Balancer.Transport.Naming;

namespace RouteGuide.Balancer.Health.Discovery;

/// <summary>The system's own resolver, for systems that do not say which servers they ask. It knows no SRV records.</summary>
internal sealed class SystemNameService : INameService
{
    public async Task<IReadOnlyList<NamedAddress>> Find(string name, NameRecords type, CancellationToken cancellation)
    {
        if (type == NameRecords.Srv) throw new DnsException("SRV records need a name server: set Balancer:Dns:Server");
        var family = type switch { NameRecords.A => AddressFamily.InterNetwork, NameRecords.Aaaa => AddressFamily.InterNetworkV6, _ => AddressFamily.Unspecified };
        return [.. (await System.Net.Dns.GetHostAddressesAsync(name, family, cancellation).ConfigureAwait(false)).Select(a => new NamedAddress(a, 0, 0, name.TrimEnd('.')))];
    }
}
