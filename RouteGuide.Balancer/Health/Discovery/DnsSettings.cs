using System.Diagnostics.CodeAnalysis;
using System.Net;
using RouteGuide.Balancer.Settings;
using RouteGuide.Balancer.Transport.Naming;

namespace RouteGuide.Balancer.Health.Discovery;

/// <summary>A name server.</summary>
internal sealed record DnsServerAddress(IPEndPoint Address) : ISettingValue<DnsServerAddress>
{
    public static string Expected => "the address of a name server, such as 10.0.0.2, 10.0.0.2:53 or [::1]:53";

    public static bool TryParse(string text, [NotNullWhen(true)] out DnsServerAddress? value, out string? expected)
    {
        expected = null;
        value = IPAddress.TryParse(text, out var alone) ? new DnsServerAddress(new IPEndPoint(alone, 53))
            : IPEndPoint.TryParse(text, out var whole) && whole.Port > 0 ? new DnsServerAddress(whole)
            : null;
        return value is not null;
    }

    public override string ToString() => Address.ToString();
}

/// <summary>Who is asked for names.</summary>
internal sealed record DnsSettings
{
    [Setting("Server", "name servers, each asked where the one before does not answer; those of `/etc/resolv.conf` if not set", Most = DnsServers.MaxServers, NeedsRestart = true)]
    public IReadOnlyList<DnsServerAddress> Servers { get; init; } = [];

    [Setting("TimeoutSeconds", "for the answer of one; as `/etc/resolv.conf` says, or 2, if not set", Least = 0.1, Most = 30, NeedsRestart = true)]
    public TimeSpan? Timeout { get; init; }

    /// <summary>Whom to ask now.</summary>
    /// <param name="resolvConf">Where the system says so; it may change at any time, or not be there.</param>
    public DnsServers Read(string resolvConf)
    {
        DnsServers read;
        try
        {
            read = DnsServers.FromResolvConf(File.ReadAllText(resolvConf));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            read = new DnsServers();
        }

        if (Servers.Count > 0) read = read with { Servers = [.. Servers.Select(s => s.Address)] };
        return Timeout is { } timeout ? read with { Timeout = timeout } : read;
    }
}
