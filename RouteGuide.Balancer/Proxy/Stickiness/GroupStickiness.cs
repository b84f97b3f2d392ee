using RouteGuide.Http2.Hpack;

namespace RouteGuide.Balancer.Proxy.Stickiness;

/// <summary>What ties clients to one of a rule's weighted groups.</summary>
/// <param name="duration">For how long after the last response.</param>
/// <param name="seal">Signs cookies.</param>
internal sealed class GroupStickiness(TimeSpan duration, CookieSeal seal)
{
    private static readonly byte[] Cookie = "AWSALBTG"u8.ToArray();
    private static readonly byte[] CookieCrossSite = "AWSALBTGCORS"u8.ToArray();

    /// <summary>The group that a request belongs to; null if it says none, or one that the rule does not send calls to any more.</summary>
    public ProxyGroup? Find(HeaderList headers, ReadOnlySpan<ProxyGroup> groups) => Find(headers, Cookie, groups) ?? Find(headers, CookieCrossSite, groups);

    /// <summary>Adds cookies to a response of the group.</summary>
    public void AddTo(SetCookies cookies, ProxyGroup group)
    {
        Span<byte> value = stackalloc byte[CookieSeal.Length];
        seal.Write(CookieKind.Group, 0, group.NameHash, value);
        cookies.Add(Cookie, value, seal.Now, duration, crossSite: false);
        if (cookies.IsTls) cookies.Add(CookieCrossSite, value, seal.Now, duration, crossSite: true);
    }

    private ProxyGroup? Find(HeaderList headers, ReadOnlySpan<byte> name, ReadOnlySpan<ProxyGroup> groups)
    {
        foreach (var value in new CookieValues(headers, name))
        {
            if (!seal.TryRead(CookieKind.Group, 0, value, duration, out var wanted)) continue;
            foreach (var group in groups)
            {
                if (group.NameHash == wanted) return group;
            }
        }

        return null;
    }
}
