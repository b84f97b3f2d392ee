namespace RouteGuide.Balancer.Configuration;

/// <summary>Settings that were changed, but count from the next start on.</summary>
internal static class RestartNeeds
{
    /// <summary>Their full names.</summary>
    /// <param name="before">In force.</param>
    /// <param name="after">About to be.</param>
    public static IEnumerable<string> Between(IConfiguration before, IConfiguration after) =>
        from entry in SettingModel.Of(typeof(BalancerConfiguration)).Entries
        where entry.Attribute.NeedsRestart
        let name = $"{BalancerConfiguration.Key}:{entry.Name}"
        where Flat(before, name) != Flat(after, name)
        select name;

    private static string Flat(IConfiguration configuration, string name) =>
        string.Join('\n', configuration.GetSection(name).AsEnumerable().Where(p => p.Value is not null).OrderBy(p => p.Key, StringComparer.OrdinalIgnoreCase).Select(p => $"{p.Key.ToUpperInvariant()}={p.Value}"));
}
