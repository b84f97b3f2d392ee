using RouteGuide.Balancer.Transport.Naming;

namespace RouteGuide.Balancer.Health.Discovery;

/// <summary>DNS.</summary>
internal sealed class DnsNameService(DnsClient client) : INameService
{
    // A hostile answer could name thousands, each of which would be asked for.
    private const int MaxNames = 256;
    private const int MaxWeight = 999;

    public async Task<IReadOnlyList<NamedAddress>> Find(string name, NameRecords type, CancellationToken cancellation) =>
        type == NameRecords.Srv ? await FindServices(name, cancellation).ConfigureAwait(false)
        : [.. (await FindAddresses(name, type, cancellation).ConfigureAwait(false)).Select(r => new NamedAddress(r.Address!, 0, 0, name.TrimEnd('.')))];

    private async Task<IReadOnlyList<DnsRecord>> FindAddresses(string name, NameRecords type, CancellationToken cancellation)
    {
        List<DnsRecord> found = [];
        // One that fails fails the whole: half of the targets would look as if the others had been taken away.
        if (type != NameRecords.Aaaa) found.AddRange((await client.Resolve(name, DnsType.A, cancellation).ConfigureAwait(false)).Found);
        if (type != NameRecords.A) found.AddRange((await client.Resolve(name, DnsType.Aaaa, cancellation).ConfigureAwait(false)).Found);
        return found;
    }

    // RFC 2782: those of the lowest priority, by weight.
    private async Task<IReadOnlyList<NamedAddress>> FindServices(string name, CancellationToken cancellation)
    {
        var (records, along) = await client.Resolve(name, DnsType.Srv, cancellation).ConfigureAwait(false);
        // "." says that the service is decidedly not there.
        var services = records.Where(r => r is { Port: > 0, Name.Length: > 0 }).ToList();
        if (services.Count == 0) return [];
        var first = services.Min(s => s.Priority);
        services = [.. services.Where(s => s.Priority == first).Take(MaxNames)];
        var heaviest = Math.Max(MaxWeight, services.Max(s => s.Weight));
        List<NamedAddress> found = [];
        foreach (var service in services)
        {
            var glue = along.Where(r => r.Owner == service.Name && r.Address is not null).ToList();
            var addresses = glue.Count > 0 ? glue : await FindAddresses(service.Name + ".", NameRecords.Address, cancellation).ConfigureAwait(false);
            var weight = Math.Max(1, (int)((long)service.Weight * MaxWeight / heaviest));
            found.AddRange(addresses.Select(a => new NamedAddress(a.Address!, service.Port, weight, service.Name)));
        }

        return found;
    }
}
