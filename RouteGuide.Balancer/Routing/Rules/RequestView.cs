using System.Net;
using RouteGuide.Http2.Hpack;

namespace RouteGuide.Balancer.Routing.Rules;

/// <summary>A request as its client sent it, for rules to look at. One of HTTP/1.1 is shown as HTTP/2 would send it, so that both get the same rule.</summary>
internal readonly ref struct RequestView
{
    /// <param name="headers">With names in lower case.</param>
    /// <param name="source">Where the connection comes from.</param>
    /// <param name="isGrpc">Its content type says so.</param>
    public RequestView(HeaderList headers, IPAddress source, bool isGrpc)
    {
        Headers = headers;
        Source = source;
        IsGrpc = isGrpc;
        Method = ValueOf(headers, KnownHeader.Method);
        Host = WithoutPort(headers.IndexOf(KnownHeader.Authority) is >= 0 and var authority ? headers.Value(authority) : ValueOf(headers, KnownHeader.Host));
        var target = ValueOf(headers, KnownHeader.Path);
        var query = target.IndexOf((byte)'?');
        Path = query < 0 ? target : target[..query];
        Query = query < 0 ? default : target[(query + 1)..];
    }

    public HeaderList Headers { get; }

    public IPAddress Source { get; }

    public bool IsGrpc { get; }

    public ReadOnlySpan<byte> Method { get; }

    /// <summary>Without its port; an IPv6 address in its brackets.</summary>
    public ReadOnlySpan<byte> Host { get; }

    /// <summary>As it was written, without the query.</summary>
    public ReadOnlySpan<byte> Path { get; }

    /// <summary>As it was written, without its question mark.</summary>
    public ReadOnlySpan<byte> Query { get; }

    /// <summary>A host without its port, if it has one.</summary>
    public static ReadOnlySpan<byte> WithoutPort(ReadOnlySpan<byte> authority)
    {
        var colon = authority.LastIndexOf((byte)':');
        return colon < 0 || authority.LastIndexOf((byte)']') > colon ? authority : authority[..colon];
    }

    private static ReadOnlySpan<byte> ValueOf(HeaderList headers, KnownHeader known) => headers.IndexOf(known) is >= 0 and var at ? headers.Value(at) : default;
}
