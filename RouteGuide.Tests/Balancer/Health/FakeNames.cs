using System.Net;
using RouteGuide.Balancer.Health.Discovery;
using RouteGuide.Balancer.Transport.Naming;

namespace RouteGuide.Tests.Balancer.Health;

/// <summary>Names that stand for what a test says.</summary>
internal sealed class FakeNames : INameService
{
    /// <summary>What the next questions are answered with; null for no answer.</summary>
    public NamedAddress[]? Answer { get; set; } = [];

    public int Questions { get; private set; }

    public void Set(params string[] addresses) => Answer = [.. addresses.Select(a => new NamedAddress(IPAddress.Parse(a), 0, 0, "replicas.example"))];

    public Task<IReadOnlyList<NamedAddress>> Find(string name, NameRecords type, CancellationToken cancellation)
    {
        Questions++;
        return Answer is { } answer ? Task.FromResult<IReadOnlyList<NamedAddress>>(answer) : Task.FromException<IReadOnlyList<NamedAddress>>(new DnsException("nobody answers"));
    }
}
