using FsCheck;
using FsCheck.Fluent;
using RouteGuide.Server.Features;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Server;

public sealed class GlobeTests
{
    // Half the circumference of a sphere of 6,371,000 m, and a metre for rounding.
    private const double Farthest = (Math.PI * 6_371_000) + 1;

    [Fact]
    public void A_quarter_of_the_equator_is_a_quarter_of_the_circumference() =>
        Assert.Equal(Math.PI * 6_371_000 / 2, Globe.Distance(Points.At(0, 0), Points.At(0, 900_000_000)), 3);

    [Fact]
    public void From_pole_to_pole_is_half_the_circumference() =>
        Assert.Equal(Math.PI * 6_371_000, Globe.Distance(Points.At(Globe.MaxLatitude, 0), Points.At(-Globe.MaxLatitude, 0)), 3);

    [Fact]
    public void The_date_line_is_no_distance() =>
        Assert.Equal(0, Globe.Distance(Points.At(0, Globe.MaxLongitude), Points.At(0, -Globe.MaxLongitude)), 3);

    [Fact]
    public void Distance_is_symmetric_and_within_half_the_circumference() => Prop.ForAll(Points.Pairs, pair =>
    {
        var there = Globe.Distance(pair.Item1, pair.Item2);
        return there is >= 0 and <= Farthest && Math.Abs(there - Globe.Distance(pair.Item2, pair.Item1)) < 1e-6;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_point_is_at_no_distance_from_itself() =>
        Prop.ForAll(Points.Any, point => Globe.Distance(point, point) == 0).QuickCheckThrowOnFailure();

    [Fact]
    public void A_detour_is_never_shorter() => Prop.ForAll(Points.Pairs, Points.Any, (pair, via) =>
        Globe.Distance(pair.Item1, pair.Item2) <= Globe.Distance(pair.Item1, via) + Globe.Distance(via, pair.Item2) + 1e-3).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(900_000_000, 1_800_000_000, null)]
    [InlineData(-900_000_000, -1_800_000_000, null)]
    [InlineData(900_000_001, 0, "latitude 900000001")]
    [InlineData(-900_000_001, 0, "latitude -900000001")]
    [InlineData(0, 1_800_000_001, "longitude 1800000001")]
    [InlineData(int.MinValue, 0, "latitude -2147483648")]
    public void A_point_off_the_globe_is_named_with_its_value(int latitude, int longitude, string? fault)
    {
        var said = Globe.Fault(Points.At(latitude, longitude), "");
        if (fault is null) Assert.Null(said);
        else Assert.StartsWith(fault, said?.Text);
    }
}
