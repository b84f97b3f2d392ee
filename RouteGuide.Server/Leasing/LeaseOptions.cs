using System.Globalization;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Server.Leasing;

/// <summary>Where the balancer's registry is, and what to tell it. Null of <see cref="Registry"/>: nobody to register with.</summary>
/// <param name="Registry">The registry's address, from the reference to the balancer.</param>
/// <param name="Key">The key shared with the balancer.</param>
/// <param name="Advertise">The address to announce instead of the one that Kestrel listens on, as behind a NAT or in a pod.</param>
internal sealed record LeaseOptions(Uri? Registry, string? Key, Uri? Advertise)
{
    public const string GroupVariable = "BALANCER_TARGET_GROUP";
    public const string WeightVariable = "BALANCER_TARGET_WEIGHT";

    public const string KeyVariable = "REGISTRY_KEY";
    public const string AdvertiseVariable = "ADVERTISED_ADDRESS";

    /// <summary>The balancer's target group to belong to; empty for its default one.</summary>
    public string Group { get; init; } = "";

    /// <summary>The share beside the others of the group, 1 to 999; 1 by default.</summary>
    public int Weight { get; init; } = 1;

    /// <exception cref="ConfigurationException">An address cannot be read, or the key is missing.</exception>
    public static LeaseOptions From(IConfiguration configuration)
    {
        var registry = ServiceEndpoints.Find(configuration, "balancer", "registry");
        var key = configuration[KeyVariable];
        if (registry is not null && string.IsNullOrEmpty(key))
        {
            throw new ConfigurationException($"{KeyVariable} is not set, but services:balancer:registry:0 names a registry ({registry}) that asks for it.");
        }

        var advertise = configuration[AdvertiseVariable] switch
        {
            null or "" => null,
            var text when Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme == "http" => uri,
            var text => throw new ConfigurationException(AdvertiseVariable, text, "an address of the form http://host:port"),
        };
        var weight = configuration[WeightVariable] switch
        {
            null or "" => 1,
            var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= 999 => number,
            var text => throw new ConfigurationException(WeightVariable, text, "a weight from 1 to 999"),
        };
        return new LeaseOptions(registry, key, advertise) { Group = configuration[GroupVariable] ?? "", Weight = weight };
    }
}
