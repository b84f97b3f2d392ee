using System.Net;

namespace RouteGuide.Balancer.Transport.Naming;

/// <summary>Types of records that are asked for (RFC 1035, 3596, 2782), with their numbers on the wire.</summary>
internal enum DnsType : ushort
{
    A = 1,
    Cname = 5,
    Aaaa = 28,
    Srv = 33,
}

/// <summary>A record of an answer.</summary>
/// <param name="Owner">Whose it is: a name in lower case, without the last dot.</param>
/// <param name="Type">Which of the following it has.</param>
internal sealed record DnsRecord(string Owner, DnsType Type)
{
    /// <summary>Of A and AAAA.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>Of CNAME and SRV: another name.</summary>
    public string Name { get; init; } = "";

    /// <summary>Of SRV.</summary>
    public int Port { get; init; }

    /// <summary>Of SRV: the lowest is asked first.</summary>
    public int Priority { get; init; }

    /// <summary>Of SRV: a share among those of the same priority.</summary>
    public int Weight { get; init; }
}

/// <summary>What a server said.</summary>
/// <param name="IsTruncated">There is more, which does not fit into a datagram.</param>
/// <param name="Code">0: here it is; 3: there is no such name; anything else: it does not know.</param>
/// <param name="Records">Of the types above, the answers and what came along with them.</param>
internal sealed record DnsResponse(bool IsTruncated, int Code, IReadOnlyList<DnsRecord> Records);

/// <summary>What a name has.</summary>
/// <param name="Found">The records that were asked for; none if there is no such name, or it has none.</param>
/// <param name="Along">What came along with them.</param>
internal readonly record struct DnsAnswer(IReadOnlyList<DnsRecord> Found, IReadOnlyList<DnsRecord> Along);

/// <summary>A name could not be resolved.</summary>
internal sealed class DnsException(string message) : Exception(message);
