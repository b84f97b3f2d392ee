using System.Text;
using RouteGuide.Http2.Hpack;

namespace RouteGuide.Balancer.Proxy.Http1;

/// <summary>A request of HTTP/1 as HTTP/2 would have sent it, for rules and stickiness, so that both are judged alike.</summary>
internal static class RequestList
{
    /// <param name="context">The request.</param>
    /// <param name="target">Path and query.</param>
    public static HeaderList Of(HttpContext context, string target)
    {
        var list = new HeaderList();
        list.Add(":method"u8, Encoding.ASCII.GetBytes(context.Request.Method));
        if (context.Request.Headers.Host is [{ Length: > 0 } host]) list.Add(":authority"u8, Encoding.Latin1.GetBytes(host));
        list.Add(":path"u8, Encoding.Latin1.GetBytes(target));
        foreach (var (name, values) in context.Request.Headers)
        {
            if (name.Equals("Host", StringComparison.OrdinalIgnoreCase)) continue;
            var lower = Encoding.Latin1.GetBytes(name.ToLowerInvariant());
            foreach (var value in values) list.Add(lower, Encoding.Latin1.GetBytes(value ?? ""));
        }

        return list;
    }
}
