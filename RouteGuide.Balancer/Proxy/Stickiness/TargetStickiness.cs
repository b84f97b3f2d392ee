using System.Text;
using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Routing.Rules;
using RouteGuide.Http2.Hpack;

namespace RouteGuide.Balancer.Proxy.Stickiness;

/// <summary>What ties clients to the targets of one group. It never changes; a group gets another one.</summary>
internal sealed class TargetStickiness
{
    private static readonly byte[] LbCookie = "AWSALB"u8.ToArray();
    private static readonly byte[] LbCookieCrossSite = "AWSALBCORS"u8.ToArray();

    // What AWS's load balancer cuts into up to four, as it keeps the application's cookie in it, is one here.
    private static readonly byte[] AppCookie = "AWSALBAPP-0"u8.ToArray();

    private readonly StickinessType _type;
    private readonly CookieSeal _seal;
    private readonly ulong _scope;
    private readonly TimeSpan _duration;
    private readonly byte[] _name; // of the header field, or the application's cookie

    private TargetStickiness(StickinessSettings settings, TargetGroup group, CookieSeal seal)
    {
        _type = settings.Type;
        _seal = seal;
        _scope = StableHash.OfName(group.Name);
        _duration = _type == StickinessType.AppCookie ? settings.AppCookieDuration : settings.LbCookieDuration;
        _name = Encoding.ASCII.GetBytes(_type == StickinessType.Header ? settings.HeaderName!.ToLowerInvariant() : settings.AppCookieName ?? "");
    }

    /// <summary>Responses may get cookies.</summary>
    public bool SetsCookies => _type != StickinessType.Header;

    /// <summary>Of settings that were checked; null if they are off.</summary>
    public static TargetStickiness? Make(StickinessSettings settings, TargetGroup group, CookieSeal seal) => settings.Enabled ? new TargetStickiness(settings, group, seal) : null;

    /// <summary>Which target a request belongs to.</summary>
    /// <param name="headers">As the client sent them, names in lower case.</param>
    public Affinity Read(HeaderList headers) => _type switch
    {
        StickinessType.Header => headers.IndexOf(_name) is >= 0 and var at ? new Affinity(AffinityKind.Key, StableHash.OfKey(headers.Value(at))) : default,
        StickinessType.LbCookie => ReadCookie(headers, LbCookie, CookieKind.Target) is { Kind: AffinityKind.Target } own ? own : ReadCookie(headers, LbCookieCrossSite, CookieKind.Target),
        // Without the application's the session is over.
        _ => new CookieValues(headers, _name).MoveNext() ? ReadCookie(headers, AppCookie, CookieKind.AppTarget) : default,
    };

    /// <summary>Adds cookies to the response of a target, those that it has renewed included.</summary>
    public void AddTo(SetCookies cookies, Target target)
    {
        if (_type == StickinessType.AppCookie && !cookies.Has(_name)) return;
        Span<byte> value = stackalloc byte[CookieSeal.Length];
        var isApp = _type == StickinessType.AppCookie;
        _seal.Write(isApp ? CookieKind.AppTarget : CookieKind.Target, _scope, target.NameHash, value);
        cookies.Add(isApp ? AppCookie : LbCookie, value, _seal.Now, _duration, crossSite: false);
        if (!isApp && cookies.IsTls) cookies.Add(LbCookieCrossSite, value, _seal.Now, _duration, crossSite: true);
    }

    private Affinity ReadCookie(HeaderList headers, ReadOnlySpan<byte> name, CookieKind kind)
    {
        foreach (var value in new CookieValues(headers, name))
        {
            if (_seal.TryRead(kind, _scope, value, _duration, out var target)) return new Affinity(AffinityKind.Target, target);
        }

        return default;
    }
}
