using System.Text.Json;

namespace RouteGuide.Tests.Bench;

/// <summary>The shape of the results that others read.</summary>
internal static class ResultSchema
{
    private static readonly string[] Texts = ["scenario", "proxy", "version"];
    private static readonly string[] Numbers = ["callsPerSecond", "p50Ms", "p99Ms"];

    /// <summary>Checks that it is <c>{"results":[{"scenario","proxy","version","cpuMicrosPerCall" or "cpuMillisPerMegabyte",…}]}</c>.</summary>
    public static IReadOnlyList<JsonElement> Check(string json)
    {
        using var document = JsonDocument.Parse(json);
        var rows = document.RootElement.GetProperty("results").EnumerateArray().Select(row => row.Clone()).ToList();
        Assert.NotEmpty(rows);
        foreach (var row in rows)
        {
            Assert.All(Texts, name => Assert.NotEmpty(row.GetProperty(name).GetString()!));
            Assert.All(Numbers, name => Assert.True(row.GetProperty(name).GetDouble() >= 0));
            if (row.GetProperty("proxy").GetString() == "none") continue;
            Assert.True(row.TryGetProperty("cpuMicrosPerCall", out _) != row.TryGetProperty("cpuMillisPerMegabyte", out _));
            Assert.True(row.GetProperty("rssMiB").GetDouble() > 0);
        }

        return rows;
    }
}
