using System.Globalization;
using System.Text;

namespace RouteGuide.Balancer.Routing.Rules;

/// <summary>Sends the client elsewhere. Each part may hold parts of the request's own address: <c>#{protocol} #{host} #{port} #{path} #{query}</c>.</summary>
/// <param name="Status">301 or 302.</param>
/// <param name="Protocol"><c>HTTP</c>, <c>HTTPS</c> or <c>#{protocol}</c>.</param>
/// <param name="Host">As in a url.</param>
/// <param name="Port">A number, or <c>#{port}</c>.</param>
/// <param name="Path">Begins with a slash; <c>#{path}</c> is the request's without its own.</param>
/// <param name="Query">Without its question mark.</param>
internal sealed record RedirectAction(int Status, string Protocol, string Host, string Port, string Path, string Query) : RuleAction
{
    public const string ProtocolKey = "#{protocol}";
    public const string HostKey = "#{host}";
    public const string PortKey = "#{port}";
    public const string PathKey = "#{path}";
    public const string QueryKey = "#{query}";

    /// <summary>The url that a request is sent to.</summary>
    /// <param name="isTls">The request came over TLS.</param>
    /// <param name="authority">That it names, with a port or without.</param>
    /// <param name="target">Its path and query.</param>
    public string Location(bool isTls, ReadOnlySpan<byte> authority, ReadOnlySpan<byte> target)
    {
        var host = RequestView.WithoutPort(authority);
        var question = target.IndexOf((byte)'?');
        var own = new Parts(
            isTls ? "https" : "http",
            Text(host),
            // As the client sees it: between it and this listener ports may be mapped.
            host.Length < authority.Length ? Text(authority[(host.Length + 1)..]) : isTls ? "443" : "80",
            Text(question < 0 ? target : target[..question]).TrimStart('/'),
            question < 0 ? "" : Text(target[(question + 1)..]));
        var protocol = own.Fill(Protocol).ToLowerInvariant();
        var port = own.Fill(Port);
        var path = own.Fill(Path);
        var query = own.Fill(Query);
        var location = new StringBuilder($"{protocol}://{own.Fill(Host)}");
        if (port.Length > 0 && port != (protocol == "https" ? "443" : "80")) location.Append(':').Append(port);
        location.Append(path);
        if (query.Length > 0) location.Append('?').Append(query);
        return Clean(location.ToString());
    }

    // Octets of the request stand for themselves where they may; a url has no others.
    private static string Text(ReadOnlySpan<byte> octets) => Encoding.Latin1.GetString(octets);

    private static string Clean(string url)
    {
        if (url.AsSpan().IndexOfAnyExceptInRange('!', '~') < 0) return url;
        var clean = new StringBuilder(url.Length + 16);
        foreach (var c in url)
        {
            if (c is >= '!' and <= '~') clean.Append(c);
            else clean.Append('%').Append(((int)c).ToString("X2", CultureInfo.InvariantCulture));
        }

        return clean.ToString();
    }

    private readonly record struct Parts(string Protocol, string Host, string Port, string Path, string Query)
    {
        // In one go: what comes from the request is not looked into again.
        public string Fill(string template)
        {
            if (!template.Contains("#{", StringComparison.Ordinal)) return template;
            var filled = new StringBuilder();
            for (var i = 0; i < template.Length;)
            {
                var (key, value) = At(template.AsSpan(i));
                filled.Append(value);
                i += key;
            }

            return filled.ToString();
        }

        private (int Length, string Value) At(ReadOnlySpan<char> rest) =>
            rest.StartsWith(ProtocolKey) ? (ProtocolKey.Length, Protocol)
            : rest.StartsWith(HostKey) ? (HostKey.Length, Host)
            : rest.StartsWith(PortKey) ? (PortKey.Length, Port)
            : rest.StartsWith(PathKey) ? (PathKey.Length, Path)
            : rest.StartsWith(QueryKey) ? (QueryKey.Length, Query)
            : (1, rest[..1].ToString());
    }
}
