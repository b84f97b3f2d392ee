using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using RouteGuide.Balancer.Configuration;
using RouteGuide.Balancer.Proxy;
using RouteGuide.Http2;
using RouteGuide.ServiceDefaults;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Abuse;

/// <summary>Every limit is a setting, is checked, and stands in the documentation with its default and range.</summary>
public sealed class LimitSettingsTests
{
    [Fact]
    public void Without_settings_the_limits_are_the_defaults() => Assert.Equal(new ProxyLimits(), Read());

    [Fact]
    public void Each_kind_of_limit_can_be_set()
    {
        var limits = Read("MaxConnections=7", "MemoryBudget=5000000000", "IdleTimeout=00:02:00", "PrefaceTimeout=1.5", "MaxConcurrentStreams=9", "pingrate:burst=11", "PingRate:PerSecond=0", "SettingsRate:PerSecond=3");

        var expected = new ProxyLimits
        {
            MaxConnections = 7,
            MemoryBudget = 5_000_000_000,
            IdleTimeoutMs = 120_000,
            Http2 = new Http2Limits { PrefaceTimeoutMs = 1_500, MaxConcurrentStreams = 9, PingRate = new Rate(11, 0), SettingsRate = new Rate(50, 3) },
        };
        Assert.Equal(expected, limits);
    }

    [Theory]
    [InlineData("MaxConnection=7", "MaxConnection", "no limit of this name")]
    [InlineData("MaxConnections=0", "MaxConnections", "'0' is not a whole number from 1 to 1000000")]
    [InlineData("MaxConnections=many", "MaxConnections", "'many'")]
    [InlineData("MaxConnections=1e3", "MaxConnections", "'1e3'")]
    [InlineData("MaxFrameSize=100", "MaxFrameSize", "'100' is not a whole number from 16384 to 16777215")]
    [InlineData("MemoryBudget=99999999999999999999", "MemoryBudget", "'99999999999999999999'")]
    [InlineData("IdleTimeout=-1", "IdleTimeout", "'-1'")]
    [InlineData("PrefaceTimeout=0", "PrefaceTimeout", "'0'")]
    [InlineData("PrefaceTimeout=soon", "PrefaceTimeout", "'soon'")]
    [InlineData("PrefaceTimeoutMs=100", "PrefaceTimeoutMs", "no limit of this name")]
    [InlineData("Http2=1", "Http2", "no limit of this name")]
    [InlineData("PingRate=5", "PingRate", "'5' is not two settings below it, Burst and PerSecond")]
    [InlineData("PingRate:Burst=0", "PingRate:Burst", "'0'")]
    [InlineData("PingRate:PerMinute=5", "PingRate:PerMinute", "no such setting")]
    [InlineData("OutputHighWater=300000", "OutputHighWater", "'300000' does not fit the other limits")]
    [InlineData("StreamWindow=1048576", "StreamWindow", "'1048576' does not fit the other limits")]
    public void A_bad_limit_is_named_with_its_value(string setting, string name, string text)
    {
        var error = Assert.Throws<ConfigurationException>(() => Read(setting));

        Assert.StartsWith($"Balancer:Limits:{name}: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(text, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void The_documentation_lists_every_limit_with_its_default_and_range()
    {
        var rows = File.ReadLines(Path.Combine(Repository.Root, "docs", "balancer.md"))
            .SkipWhile(l => l != "### Limits").Skip(1).TakeWhile(l => !l.StartsWith('#'))
            .Where(l => l.StartsWith("| `", StringComparison.Ordinal))
            .Select(l => l.Split('|', StringSplitOptions.TrimEntries)[1..^1])
            .ToDictionary(c => c[0].Trim('`'), c => c[1..^1]);

        var limits = new ProxyLimits();
        var known = LimitSettings.All(limits).Concat(LimitSettings.All(limits.Http2)).ToDictionary(p => LimitSettings.NameOf(p.Property), p => Described(p.Owner, p.Property));

        Assert.Equal(known.Keys.Order(), rows.Keys.Order());
        Assert.All(known, limit => Assert.Equal(limit.Value, rows[limit.Key]));
    }

    [Fact]
    public void Every_number_of_the_limits_is_a_setting() =>
        Assert.All(
            typeof(ProxyLimits).GetProperties(BindingFlags.Public | BindingFlags.Instance).Concat(typeof(Http2Limits).GetProperties(BindingFlags.Public | BindingFlags.Instance)).Where(p => p.PropertyType != typeof(Http2Limits)),
            p => Assert.True(p.IsDefined(typeof(LimitAttribute)), p.Name));

    private static string[] Described(object owner, PropertyInfo property)
    {
        var range = LimitSettings.RangeOf(property);
        if (property.GetValue(owner) is Rate rate) return [string.Create(CultureInfo.InvariantCulture, $"{rate.Burst:N0}, {rate.PerSecond:N0}/s")];
        Func<long, string> text = LimitSettings.IsTime(property) ? ms => $"{ms / 1000m:#,##0.##} s" : number => $"{number:N0}";
        return [text(Convert.ToInt64(property.GetValue(owner), CultureInfo.InvariantCulture)), $"{text(range.Least)} to {text(range.Most)}"];
    }

    private static ProxyLimits Read(params string[] settings) =>
        LimitSettings.Read(new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => s.Split('=', 2)).Select(s => KeyValuePair.Create($"Balancer:Limits:{s[0]}", (string?)s[1]))).Build());
}
