using System.Net;
using System.Text;
using RouteGuide.Balancer.Balancing;
using RouteGuide.Balancer.Balancing.Hashing;
using RouteGuide.Balancer.Proxy.Http1;
using RouteGuide.Http2.Hpack;

namespace RouteGuide.Balancer.Proxy;

/// <summary>What the key of a call is that consistent hashing goes by. A field that is missing, or empty, is no key.</summary>
internal sealed class HashKey(HashSettings settings)
{
    private readonly string _name = (settings.Header ?? "").ToLowerInvariant();
    private readonly byte[] _octets = Encoding.ASCII.GetBytes((settings.Header ?? "").ToLowerInvariant());

    /// <summary>Of the group's algorithm; null if it goes by no key.</summary>
    public static HashKey? Of(AlgorithmSettings settings) => settings.Type == AlgorithmType.ConsistentHash ? new HashKey(settings.Hash) : null;

    /// <summary>Of a request of HTTP/2.</summary>
    /// <param name="headers">Its own, or as they go to a target.</param>
    /// <param name="origin">Where it came from.</param>
    public PickInput Of(HeaderList headers, ClientOrigin origin)
    {
        if (settings.On == HashOn.SourceIp) return OfAddress(origin.Remote.Address);
        var at = settings.On == HashOn.Path ? headers.IndexOf(KnownHeader.Path) : headers.IndexOf(_octets);
        if (at < 0) return default;
        var value = headers.Value(at);
        if (settings.On == HashOn.Path && value.IndexOf((byte)'?') is >= 0 and var query) value = value[..query];
        return OfOctets(value);
    }

    /// <summary>Of a request of HTTP/1.1: the same key as by HTTP/2.</summary>
    public PickInput Of(HttpRequest request, string path, ClientOrigin origin) => settings.On switch
    {
        HashOn.SourceIp => OfAddress(origin.Remote.Address),
        HashOn.Path => OfOctets(Encoding.Latin1.GetBytes(RequestTarget.PathOf(path))),
        _ => request.Headers[_name] is [{ } value, ..] ? OfOctets(Encoding.Latin1.GetBytes(value)) : default,
    };

    /// <summary>Of a client's address, whatever it speaks.</summary>
    public static PickInput OfAddress(IPAddress address)
    {
        Span<byte> octets = stackalloc byte[16];
        (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).TryWriteBytes(octets, out var count);
        return OfOctets(octets[..count]);
    }

    private static PickInput OfOctets(ReadOnlySpan<byte> key) => key.IsEmpty ? default : new PickInput(XxHash64.Of(key), true);
}
