using System.Globalization;
using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Routing.Rules;

/// <summary>How often a client may take a redirect for granted.</summary>
internal enum RedirectStatus
{
    /// <summary>For ever.</summary>
    [SettingName("HTTP_301")]
    Permanent = 301,

    /// <summary>This once.</summary>
    [SettingName("HTTP_302")]
    Found = 302,
}

/// <summary>Where clients are sent. What is not set stays as in the request.</summary>
internal sealed record RedirectConfig : IChecked
{
    private const int MaxLength = 128;

    [Setting("Protocol", "`HTTP`, `HTTPS` or `#{protocol}`")]
    public string Protocol { get; init; } = RedirectAction.ProtocolKey;

    [Setting("Host", "a host name; may hold `#{host}`", Least = 1, Most = MaxLength)]
    public string Host { get; init; } = RedirectAction.HostKey;

    [Setting("Port", "1 to 65535, or `#{port}`; the protocol's own does not show in the url")]
    public string Port { get; init; } = RedirectAction.PortKey;

    [Setting("Path", "begins with a slash; may hold `#{host}`, `#{path}` (without its slash) and `#{port}`", Least = 1, Most = MaxLength)]
    public string Path { get; init; } = "/" + RedirectAction.PathKey;

    [Setting("Query", "without a question mark; may hold `#{query}` and the others", Most = MaxLength)]
    public string Query { get; init; } = RedirectAction.QueryKey;

    [Setting("StatusCode", "for good or for once", Required = true)]
    public RedirectStatus StatusCode { get; init; } = RedirectStatus.Found;

    public IEnumerable<SettingProblem> Check()
    {
        if (Protocol is not RedirectAction.ProtocolKey && !Protocol.Equals("HTTP", StringComparison.OrdinalIgnoreCase) && !Protocol.Equals("HTTPS", StringComparison.OrdinalIgnoreCase))
        {
            yield return new SettingProblem(nameof(Protocol), Protocol, $"HTTP, HTTPS or {RedirectAction.ProtocolKey}");
        }

        if (Port != RedirectAction.PortKey && !(int.TryParse(Port, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is >= 1 and <= 65_535))
        {
            yield return new SettingProblem(nameof(Port), Port, $"a port from 1 to 65535, or {RedirectAction.PortKey}");
        }

        if (WhyNot(Host, RedirectAction.HostKey) is { } host) yield return new SettingProblem(nameof(Host), Host, host);
        else if (Host.Replace(RedirectAction.HostKey, "", StringComparison.Ordinal).AsSpan().IndexOfAny("/:?#@") >= 0) yield return new SettingProblem(nameof(Host), Host, "a host name without protocol, port and path");
        if (WhyNot(Path, RedirectAction.HostKey, RedirectAction.PortKey, RedirectAction.PathKey) is { } path) yield return new SettingProblem(nameof(Path), Path, path);
        else if (Path is not ['/', ..] || Path.Contains('?')) yield return new SettingProblem(nameof(Path), Path, "a path that begins with '/', without a query");
        if (WhyNot(Query, RedirectAction.ProtocolKey, RedirectAction.HostKey, RedirectAction.PortKey, RedirectAction.PathKey, RedirectAction.QueryKey) is { } query) yield return new SettingProblem(nameof(Query), Query, query);
        if (Protocol == RedirectAction.ProtocolKey && Host == RedirectAction.HostKey && Port == RedirectAction.PortKey && Path == "/" + RedirectAction.PathKey)
        {
            yield return new SettingProblem(nameof(Path), Path, "another protocol, host, port or path than the request's, or it would be sent in a circle");
        }
    }

    public RedirectAction Build() => new((int)StatusCode, Protocol, Host, Port, Path, Query);

    private static string? WhyNot(string template, params string[] placeholders)
    {
        if (template.AsSpan().IndexOfAnyExceptInRange('!', '~') >= 0) return "visible ASCII characters";
        foreach (var key in placeholders) template = template.Replace(key, "", StringComparison.Ordinal);
        return template.Contains("#{", StringComparison.Ordinal) ? $"no placeholder but {string.Join(", ", placeholders)}" : null;
    }
}
