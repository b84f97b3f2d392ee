using System.Globalization;
using System.Reflection;
using RouteGuide.Balancer.Proxy;
using RouteGuide.Http2;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Balancer.Configuration;

/// <summary>Reads <see cref="ProxyLimits"/> from the configuration: one setting per limit, named after its property.</summary>
internal static class LimitSettings
{
    public const string Key = "Balancer:Limits";

    /// <exception cref="ConfigurationException">A setting is unknown, or its value cannot be used.</exception>
    public static ProxyLimits Read(IConfiguration configuration)
    {
        var http2 = new Http2Limits();
        var limits = new ProxyLimits { Http2 = http2 };
        var properties = All(limits).Concat(All(http2)).ToDictionary(p => NameOf(p.Property), StringComparer.OrdinalIgnoreCase);
        foreach (var section in configuration.GetSection(Key).GetChildren())
        {
            if (!properties.TryGetValue(section.Key, out var found)) throw new ConfigurationException($"{section.Path}: there is no limit of this name.");
            var range = RangeOf(found.Property);
            if (found.Property.GetValue(found.Owner) is Rate rate) found.Property.SetValue(found.Owner, ReadRate(section, range, rate));
            else if (!string.IsNullOrWhiteSpace(section.Value)) found.Property.SetValue(found.Owner, Convert.ChangeType(ReadNumber(section, found.Property, range), found.Property.PropertyType));
        }

        try
        {
            limits.Validate();
        }
        catch (ArgumentOutOfRangeException e)
        {
            // Each by itself is in its range: what does not fit is one beside another.
            throw new ConfigurationException($"{Key}:{e.ParamName}: '{e.ActualValue}' does not fit the other limits. {e.Message.Split('\n')[0]}", e);
        }

        return limits;
    }

    /// <summary>The setting of a limit, below <see cref="Key"/>.</summary>
    public static string NameOf(PropertyInfo property) => IsTime(property) ? property.Name[..^2] : property.Name;

    /// <summary>Whether a limit is a time; its property holds milliseconds.</summary>
    public static bool IsTime(PropertyInfo property) => property.Name.EndsWith("Ms", StringComparison.Ordinal);

    public static LimitAttribute RangeOf(PropertyInfo property) => property.GetCustomAttribute<LimitAttribute>()!;

    /// <summary>The limits that an object has.</summary>
    public static IEnumerable<(object Owner, PropertyInfo Property)> All(object owner) =>
        from property in owner.GetType().GetProperties() where property.IsDefined(typeof(LimitAttribute)) select (owner, property);

    private static long ReadNumber(IConfigurationSection section, PropertyInfo property, LimitAttribute range)
    {
        if (!IsTime(property)) return ReadCount(section, range.Least, range.Most);
        var (least, most) = (TimeSpan.FromMilliseconds(range.Least), TimeSpan.FromMilliseconds(range.Most));
        return (long)ReadTime(section.Path, section.Value, least, most).TotalMilliseconds;
    }

    private static Rate ReadRate(IConfigurationSection section, LimitAttribute range, Rate rate)
    {
        const string Expected = $"two settings below it, {nameof(Rate.Burst)} and {nameof(Rate.PerSecond)}";
        if (section.Value is { Length: > 0 } value) throw new ConfigurationException(section.Path, value, Expected);
        foreach (var part in section.GetChildren())
        {
            if (part.Key.Equals(nameof(Rate.Burst), StringComparison.OrdinalIgnoreCase)) rate = rate with { Burst = (int)ReadCount(part, Math.Max(1, range.Least), range.Most) };
            else if (part.Key.Equals(nameof(Rate.PerSecond), StringComparison.OrdinalIgnoreCase)) rate = rate with { PerSecond = (int)ReadCount(part, range.Least, range.Most) };
            else throw new ConfigurationException($"{part.Path}: there is no such setting; a rate has {Expected}.");
        }

        return rate;
    }

    private static long ReadCount(IConfigurationSection section, long least, long most) =>
        long.TryParse(section.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new ConfigurationException(section.Path, section.Value, $"a whole number from {least} to {most}");

    private static TimeSpan ReadTime(string key, string? text, TimeSpan least, TimeSpan most)
    {
        // "5" is five seconds; the framework alone would read five days.
        var time = double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds <= most.TotalSeconds ? TimeSpan.FromSeconds(seconds)
            : text?.Contains(':') == true && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var parsed) ? parsed
            : TimeSpan.MinValue;
        return time >= least && time <= most ? time : throw new ConfigurationException(key, text, $"a time from {least} to {most}, in seconds or as hh:mm:ss");
    }
}
