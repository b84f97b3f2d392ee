using System.Net;

namespace RouteGuide.Balancer.Health.Discovery;

/// <summary>An address that a name stands for.</summary>
/// <param name="Address">The address.</param>
/// <param name="Port">As the record says it; 0 if it does not.</param>
/// <param name="Weight">1 to 999, as the record says it; 0 if it does not.</param>
/// <param name="Host">What a secure target there has to prove to be.</param>
internal readonly record struct NamedAddress(IPAddress Address, int Port, int Weight, string Host);

/// <summary>Says what names stand for.</summary>
internal interface INameService
{
    /// <summary>All addresses; none if the name has none, or there is no such name.</summary>
    /// <exception cref="Transport.Naming.DnsException">Nobody knew an answer.</exception>
    Task<IReadOnlyList<NamedAddress>> Find(string name, NameRecords type, CancellationToken cancellation);
}
