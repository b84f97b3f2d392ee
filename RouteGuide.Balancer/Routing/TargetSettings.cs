using System.Diagnostics.CodeAnalysis;
using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Routing;

/// <summary>A target as configured: a url in one text, or address, port and weight.</summary>
internal sealed record TargetSettings : ISettingValue<TargetSettings>, IChecked
{
    /// <summary>Heaviest; the lightest is 1. As for the weights of target groups.</summary>
    public const int MaxWeight = 999;

    private const string TcpScheme = "tcp://";

    public static string Expected => "http://host:port or https://host:port, in a group of protocol TCP tcp://host:port";

    [Setting("Id", "a host name or an IP address", Required = true)]
    public string Id { get; init; } = "";

    [Setting("Port", "its port; without one, that of its group", Least = 1, Most = 65_535)]
    public int? Port { get; init; }

    [Setting("Weight", "its share beside the others' of its group", Least = 1, Most = MaxWeight)]
    public int Weight { get; init; } = 1;

    /// <summary>Given as a url, which says everything about the way there; null otherwise.</summary>
    public TargetAddress? Url { get; init; }

    /// <summary>Given as a url that begins with <c>tcp://</c>, which targets of HTTP have not.</summary>
    public bool IsTcp { get; init; }

    public static bool TryParse(string text, [NotNullWhen(true)] out TargetSettings? value, out string? expected)
    {
        value = null;
        expected = null;
        var isTcp = text.StartsWith(TcpScheme, StringComparison.OrdinalIgnoreCase);
        if (TargetAddress.TryParse(isTcp ? $"http://{text[TcpScheme.Length..]}" : text, out var address, out var error)) value = new TargetSettings { Id = address.Host, Port = address.Port, Url = address, IsTcp = isTcp };
        else expected = $"{Expected}: it {error.Split(';')[0].Replace($"'{text}' ", "", StringComparison.Ordinal)}";
        return value is not null;
    }

    public IEnumerable<SettingProblem> Check()
    {
        var host = Id.Contains(':') ? $"[{Id.Trim('[', ']')}]" : Id;
        if (!TargetAddress.TryParse($"http://{host}:{Port ?? 1}", out _, out _)) yield return new SettingProblem(nameof(Id), Id, "a host name or an IP address");
    }

    /// <summary>Where it is reached.</summary>
    /// <param name="groupPort">For a target without a port.</param>
    /// <param name="isTls">The group is reached over TLS.</param>
    /// <returns>Null if neither it nor the group has a port.</returns>
    public TargetAddress? AddressIn(int? groupPort, bool isTls)
    {
        if (Url is not null) return Url;
        var host = Id.Contains(':') ? $"[{Id.Trim('[', ']')}]" : Id;
        return (Port ?? groupPort) is { } port && TargetAddress.TryParse($"{(isTls ? "https" : "http")}://{host}:{port}", out var address, out _) ? address : null;
    }

    public override string ToString() => Url?.ToString() ?? $"{Id}:{Port}";
}
