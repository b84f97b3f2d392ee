using System.Net;

namespace RouteGuide.Balancer.Proxy.Tcp;

/// <summary>A client's address as a key for consistent hashing: the same on every balancer and after every start (FNV-1a).</summary>
internal static class AddressHash
{
    public static ulong Of(IPAddress address)
    {
        Span<byte> octets = stackalloc byte[16];
        (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).TryWriteBytes(octets, out var count);
        var hash = 14_695_981_039_346_656_037;
        foreach (var octet in octets[..count]) hash = (hash ^ octet) * 1_099_511_628_211;
        return hash;
    }
}
