using System.Buffers;
using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Balancing;

/// <summary>What the key of a call is.</summary>
internal enum HashOn
{
    [SettingName("header")]
    Header,

    [SettingName("path")]
    Path,

    [SettingName("source_ip")]
    SourceIp,
}

/// <summary>How it is found whose a key is.</summary>
internal enum HashTable
{
    [SettingName("maglev")]
    Maglev,

    [SettingName("ring")]
    Ring,
}

/// <summary>How keys are spread.</summary>
internal sealed record HashSettings : IChecked
{
    private static readonly SearchValues<char> NameCharacters = SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

    [Setting("on", "what a call's key is: the value of a header field (gRPC: of a metadata key), the path without its query, or the client's address")]
    public HashOn On { get; init; } = HashOn.SourceIp;

    [Setting("header", "the name of that field, in any case; the first one counts")]
    public string? Header { get; init; }

    [Setting("table", "`maglev`: shares nearly exact; `ring`: less even, but no key moves without need")]
    public HashTable Table { get; init; }

    public IEnumerable<SettingProblem> Check()
    {
        if (On == HashOn.Header && string.IsNullOrEmpty(Header)) yield return new SettingProblem("header", Header, "the name of a header field, as hash.on is header");
        else if (Header is { Length: > 0 } && Header.AsSpan().IndexOfAnyExcept(NameCharacters) >= 0) yield return new SettingProblem("header", Header, "the name of a header field");
    }
}
