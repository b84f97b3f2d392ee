using System.Globalization;
using System.Net;

namespace RouteGuide.Balancer.Transport.Naming;

/// <summary>Whom to ask, and how.</summary>
internal sealed record DnsServers
{
    /// <summary>Servers that are asked.</summary>
    public const int MaxServers = 3;

    private const int MaxSearch = 32;

    /// <summary>In the order in which they are asked.</summary>
    public IReadOnlyList<IPEndPoint> Servers { get; init; } = [];

    /// <summary>What is put behind names that have few dots.</summary>
    public IReadOnlyList<string> Search { get; init; } = [];

    /// <summary>Names with as many dots are tried as they are first. 1 by default, 5 in Kubernetes.</summary>
    public int Dots { get; init; } = 1;

    /// <summary>For one server's answer. 2 s by default.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How often each is asked. 2 by default.</summary>
    public int Attempts { get; init; } = 2;

    /// <summary>Reads what systems have in <c>/etc/resolv.conf</c> (resolv.conf(5)); lines that it does not know are left out.</summary>
    public static DnsServers FromResolvConf(string text)
    {
        var servers = new List<IPEndPoint>();
        var result = new DnsServers();
        foreach (var line in text.Split('\n'))
        {
            var words = line.Split((char[])[' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2 || words[0][0] is '#' or ';') continue;
            if (words[0] == "nameserver" && servers.Count < MaxServers && IPAddress.TryParse(words[1], out var address)) servers.Add(new IPEndPoint(address, 53));
            else if (words[0] is "search" or "domain") result = result with { Search = [.. words.Skip(1).Take(MaxSearch).Where(DnsMessage.IsName)] };
            else if (words[0] == "options") result = words.Skip(1).Aggregate(result, WithOption);
        }

        return result with { Servers = servers };
    }

    /// <summary>The names to ask for, in their order; one with a dot at its end is asked for as it is.</summary>
    public IEnumerable<string> NamesOf(string name)
    {
        if (name.EndsWith('.')) return [name];
        var searched = Search.Select(s => $"{name}.{s.TrimEnd('.')}").Where(DnsMessage.IsName);
        return name.Count(c => c == '.') >= Dots ? [name, .. searched] : [.. searched, name];
    }

    private static DnsServers WithOption(DnsServers servers, string option)
    {
        var parts = option.Split(':');
        if (parts.Length != 2 || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var value)) return servers;
        return parts[0] switch
        {
            "ndots" => servers with { Dots = Math.Min(value, 15) },
            "timeout" => servers with { Timeout = TimeSpan.FromSeconds(Math.Clamp(value, 1, 30)) },
            "attempts" => servers with { Attempts = Math.Clamp(value, 1, 5) },
            _ => servers,
        };
    }
}
