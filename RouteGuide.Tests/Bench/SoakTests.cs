using RouteGuide.Bench.Soak;

namespace RouteGuide.Tests.Bench;

/// <summary>What a soak calls flat.</summary>
public sealed class SoakTests
{
    [Fact]
    public void The_slope_is_that_of_the_line_through_the_samples()
    {
        var trend = Of(i => 100 + 2.5 * i + (i % 2 == 0 ? 1 : -1));

        Assert.Equal(2.5, trend.Slope, 1);
        Assert.InRange(trend.Growth, 247, 248);
    }

    [Fact]
    public void Growth_is_not_flat_and_noise_is()
    {
        var random = new Random(1);
        Assert.False(Of(i => 100 + 0.5 * i).IsFlat(share: 0.1, noise: 4));
        Assert.True(Of(_ => 100 + 10 * random.NextDouble()).IsFlat(share: 0.1, noise: 4));
        Assert.True(Of(i => 100 - i * 0.5).IsFlat(share: 0.1, noise: 4));
        Assert.True(Of(i => 2 + i * 0.03).IsFlat(share: 0.1, noise: 4)); // large for what it is, small for a process
    }

    [Fact]
    public void One_sample_has_no_slope()
    {
        var trend = new Trend();
        trend.Add(1, 100);
        Assert.Equal((0d, 0d), (trend.Slope, trend.Growth));
    }

    private static Trend Of(Func<int, double> value)
    {
        var trend = new Trend();
        for (var i = 0; i < 100; i++) trend.Add(i, value(i));
        return trend;
    }
}
