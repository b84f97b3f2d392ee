using System.Collections.Frozen;
using Microsoft.Extensions.Primitives;

namespace RouteGuide.Balancer.Proxy.Http1;

/// <summary>Fields that are for one connection alone (RFC 9110 section 7.6.1): those known as such, and those that <c>Connection</c> names.</summary>
internal static class HopByHop
{
    private static readonly FrozenSet<string> Names = FrozenSet.ToFrozenSet(
        ["Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "HTTP2-Settings"],
        StringComparer.OrdinalIgnoreCase);

    /// <param name="name">Of a field.</param>
    /// <param name="connection">The values of the message's <c>Connection</c> fields.</param>
    public static bool Contains(string name, StringValues connection)
    {
        if (Names.Contains(name)) return true;
        // Whose request it is cannot be taken out of it that way.
        if (name.Equals("Host", StringComparison.OrdinalIgnoreCase)) return false;
        foreach (var value in connection)
        {
            foreach (var option in value.AsSpan().Split(','))
            {
                if (value.AsSpan(option).Trim().Equals(name, StringComparison.OrdinalIgnoreCase)) return true;
            }
        }

        return false;
    }
}
