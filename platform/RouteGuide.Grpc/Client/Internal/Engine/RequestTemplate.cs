using System.Text;
using RouteGuide.Http2;
using RouteGuide.Http2.Hpack;

namespace Grpc.Net.Client.Internal.Engine;

/// <summary>The fields that all requests of a method have. After the first they are an octet each, and one copy together.</summary>
internal sealed class RequestTemplate
{
    private static readonly HeaderEntry Post = new(":method", "POST");
    private static readonly HeaderEntry Http = new(":scheme", "http");
    private static readonly HeaderEntry Https = new(":scheme", "https");
    private static readonly HeaderEntry ContentType = new("content-type", Grpc.Internal.GrpcContentType.Value);
    private static readonly HeaderEntry Te = new("te", "trailers");
    private static readonly HeaderEntry UserAgent = new("user-agent", ClientInformation.UserAgent);

    private readonly HeaderList _list = new();
    private HeaderList? _frozen; // of the loop

    /// <param name="address">Where the request goes, with its path.</param>
    /// <param name="authority">The same for all methods of a channel.</param>
    /// <param name="acceptEncoding">The same for all methods of a channel.</param>
    public RequestTemplate(Uri address, HeaderEntry authority, HeaderEntry acceptEncoding)
    {
        _list.Add(Post);
        _list.Add(address.Scheme == Uri.UriSchemeHttps ? Https : Http);
        _list.Add(authority);
        _list.Add(new HeaderEntry(":path", address.PathAndQuery));
        _list.Add(ContentType);
        _list.Add(Te);
        _list.Add(UserAgent);
        _list.Add(acceptEncoding);
    }

    /// <summary>The fields of a request that has no others. On the loop of the channel.</summary>
    public HeaderList Plain(Http2Resources resources) => _frozen ??= resources.Freeze(_list);

    /// <summary>The fields of a request that has others, too.</summary>
    /// <param name="list">Where they go; it is empty.</param>
    /// <param name="host">The authority that is asked for; null for the address's own.</param>
    /// <param name="fields">The others.</param>
    public void CopyTo(HeaderList list, string? host, FieldBuffer? fields)
    {
        for (var i = 0; i < _list.Count; i++)
        {
            switch (_list[i].Known)
            {
                case KnownHeader.Authority when host is not null:
                    list.Add(_list[i].Entry!, Encoding.ASCII.GetBytes(host));
                    break;
                case KnownHeader.UserAgent when fields?.UserAgent is { } userAgent:
                    list.Add(UserAgent, Encoding.ASCII.GetBytes($"{ClientInformation.UserAgent} {userAgent}"));
                    break;
                default:
                    list.Add(_list, i);
                    break;
            }
        }

        fields?.CopyTo(list);
    }

    /// <summary>The authority of an address, as it stands in requests.</summary>
    public static HeaderEntry AuthorityOf(Uri address)
    {
        var host = address.HostNameType == UriHostNameType.IPv6 ? $"[{address.IdnHost}]" : address.IdnHost;
        return new HeaderEntry(":authority", address.IsDefaultPort ? host : $"{host}:{address.Port}");
    }
}
