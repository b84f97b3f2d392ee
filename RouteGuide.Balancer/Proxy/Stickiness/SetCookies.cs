using System.Text;
using RouteGuide.Http2.Hpack;

namespace RouteGuide.Balancer.Proxy.Stickiness;

/// <summary>The <c>set-cookie</c> fields of a response on its way to the client, of HTTP/2 or HTTP/1.1.</summary>
internal readonly ref struct SetCookies
{
    private static readonly HeaderEntry Name = new("set-cookie", "");

    private readonly HeaderList? _list;
    private readonly IHeaderDictionary? _fields;

    private SetCookies(HeaderList? list, IHeaderDictionary? fields, bool isTls)
    {
        _list = list;
        _fields = fields;
        IsTls = isTls;
    }

    /// <summary>The client came over TLS, so that cookies for TLS alone make sense.</summary>
    public bool IsTls { get; }

    /// <summary>Adds those of a call to its response.</summary>
    public static void Add(in CallRoute route, Routing.Target target, HeaderList response, bool isTls) => Add(in route, target, new SetCookies(response, null, isTls));

    /// <inheritdoc cref="Add(in CallRoute, Routing.Target, HeaderList, bool)"/>
    public static void Add(in CallRoute route, Routing.Target target, IHeaderDictionary response, bool isTls) => Add(in route, target, new SetCookies(null, response, isTls));

    /// <summary>Whether the target has set a cookie.</summary>
    public bool Has(ReadOnlySpan<byte> name)
    {
        if (_list is not null)
        {
            for (var i = 0; i < _list.Count; i++)
            {
                if (_list.Name(i).SequenceEqual(Name.Name) && Cookies.Sets(_list.Value(i), name)) return true;
            }

            return false;
        }

        foreach (var value in _fields!.SetCookie)
        {
            if (Cookies.Sets(Encoding.Latin1.GetBytes(value ?? ""), name)) return true;
        }

        return false;
    }

    /// <summary>Adds one.</summary>
    public void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, DateTimeOffset now, TimeSpan duration, bool crossSite)
    {
        Span<byte> field = stackalloc byte[Cookies.MaxLength];
        field = field[..Cookies.Format(name, value, now, duration, crossSite, field)];
        // Another one each second: a table would gain nothing by it, and whoever compresses it with secrets of others must not.
        if (_list is not null) _list.Add(Name, field, neverIndexed: true);
        else _fields!.Append("Set-Cookie", Encoding.ASCII.GetString(field));
    }

    private static void Add(in CallRoute route, Routing.Target target, SetCookies cookies)
    {
        if (route.Group.Stickiness is { SetsCookies: true } own) own.AddTo(cookies, target);
        route.Rule.Stickiness?.AddTo(cookies, route.Group);
    }
}
