using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace RouteGuide.Balancer.Routing;

/// <summary>Where a target listens: <c>http://host:port</c>, HTTP/2 with prior knowledge, or <c>https://host:port</c>, over TLS.</summary>
internal sealed record TargetAddress
{
    /// <summary>Characters; a DNS name has at most 253, the rest is scheme and port.</summary>
    public const int MaxLength = 280;

    private const string Expected = "expected http://host:port or https://host:port";

    private TargetAddress(string host, int port, bool isTls)
    {
        IsTls = isTls;
        Host = ServerName = host;
        Port = port;
        Authority = host.Contains(':') ? $"[{host}]:{port}" : $"{host}:{port}";
    }

    /// <summary>A DNS name or an IP address, IPv6 without its brackets.</summary>
    public string Host { get; }

    /// <summary>What a secure target has to prove to be; its host, unless the address came from another name.</summary>
    public string ServerName { get; init; }

    /// <summary>1 to 65535.</summary>
    public int Port { get; }

    /// <summary>It is reached over TLS.</summary>
    public bool IsTls { get; }

    /// <summary><c>host:port</c>, as it stands in a URL.</summary>
    public string Authority { get; }

    /// <summary>Reads an address; what is wrong with it is said in <paramref name="error"/>, ready to follow the words "the address".</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out TargetAddress? address, [NotNullWhen(false)] out string? error)
    {
        address = null;
        error = null;
        if (string.IsNullOrWhiteSpace(text)) error = $"is empty; {Expected}";
        else if (text.Length > MaxLength) error = $"has {text.Length} characters; at most {MaxLength} are accepted";
        else if (!Uri.TryCreate(text, UriKind.Absolute, out var uri)) error = $"'{text}' is not a URL; {Expected}";
        else if (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps) error = $"'{text}' is neither http nor https; {Expected}";
        else if (uri.UserInfo.Length > 0 || uri.PathAndQuery != "/" || uri.Fragment.Length > 0) error = $"'{text}' has more than host and port; {Expected}";
        else if (!HasPort(text)) error = $"'{text}' has no port; {Expected}";
        else if (uri.Port == 0) error = $"'{text}' has port 0, where nothing can be reached";
        else if (IPAddress.TryParse(uri.DnsSafeHost, out var ip) && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any))) error = $"'{text}' is the address of any host, where nothing can be reached";
        else address = new TargetAddress(uri.DnsSafeHost, uri.Port, uri.Scheme == Uri.UriSchemeHttps);
        return address is not null;
    }

    /// <summary>Whether the host is an IP address or <c>localhost</c>, so that no name service decides where calls go.</summary>
    public bool IsLiteral => Host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || IPAddress.TryParse(Host, out _);

    public override string ToString() => IsTls ? $"https://{Authority}" : $"http://{Authority}";

    // Uri cannot tell a missing port from one that is written although it is the scheme's own.
    private static bool HasPort(string text)
    {
        var authority = text.AsSpan(text.IndexOf("//", StringComparison.Ordinal) + 2);
        var end = authority.IndexOf('/');
        if (end >= 0) authority = authority[..end];
        var colon = authority.LastIndexOf(':');
        return colon >= 0 && colon < authority.Length - 1 && authority[(colon + 1)..].IndexOfAnyExceptInRange('0', '9') < 0;
    }
}
