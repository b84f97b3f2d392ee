using Microsoft.AspNetCore.Http.Features;

namespace RouteGuide.Balancer.Proxy.Http1;

/// <summary>A request's target (RFC 9112 section 3.2): path and query as the client wrote them.</summary>
internal static class RequestTarget
{
    /// <summary>What is said about one that is not <see cref="IsClean"/>.</summary>
    public const string NotClean = "the request's target has characters that none may have";

    /// <summary>Without scheme and authority, where they were written; those are in the host field too, which Kestrel has made sure of.</summary>
    public static string Of(HttpContext context)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (target is ['/', ..] || target.IndexOf("://", StringComparison.Ordinal) is not (> 0 and var scheme)) return target;
        var rest = target.AsSpan(scheme + 3).IndexOfAny('/', '?');
        if (rest < 0) return "/";
        var from = scheme + 3 + rest;
        return target[from] == '/' ? target[from..] : "/" + target[from..];
    }

    public static string PathOf(string target) => target.IndexOf('?') is >= 0 and var query ? target[..query] : target;

    /// <summary>Whether it can stand in a request line: anything else would be two lines, or three words, to somebody.</summary>
    public static bool IsClean(string target) => target.AsSpan().IndexOfAnyExceptInRange('!', '~') < 0;

    /// <summary>The balancer's own health page.</summary>
    public static bool IsHealth(string method, string target) => method is "GET" or "HEAD" && PathOf(target) == "/health";
}
