using System.Reflection;
using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Balancing;

/// <summary>The algorithms by the names that they have in the settings.</summary>
internal static class AlgorithmNames
{
    private static readonly Dictionary<string, AlgorithmType> ByName =
        Enum.GetValues<AlgorithmType>().ToDictionary(t => typeof(AlgorithmType).GetField($"{t}")!.GetCustomAttribute<SettingNameAttribute>()!.Name, StringComparer.Ordinal);

    private static readonly Dictionary<AlgorithmType, string> ByType = ByName.ToDictionary(p => p.Value, p => p.Key);

    /// <summary>All, in the order of the settings' documentation.</summary>
    public static IEnumerable<string> All => ByName.Keys;

    /// <summary>Such as <c>round_robin</c>.</summary>
    public static string Name(this AlgorithmType type) => ByType[type];

    /// <summary>Null if there is none of the name.</summary>
    public static AlgorithmType? Find(string name) => ByName.TryGetValue(name, out var type) ? type : null;
}
