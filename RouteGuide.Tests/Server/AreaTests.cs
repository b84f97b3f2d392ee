using FsCheck;
using FsCheck.Fluent;
using RouteGuide.Server.Features;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Server;

public sealed class AreaTests
{
    [Fact]
    public void The_order_of_the_corners_does_not_matter() => Prop.ForAll(Points.Pairs, corners =>
        Area.Between(corners.Item1, corners.Item2) == Area.Between(corners.Item2, corners.Item1)).QuickCheckThrowOnFailure();

    [Fact]
    public void All_four_corners_are_inside() => Prop.ForAll(Points.Pairs, corners =>
    {
        var (a, b) = (corners.Item1, corners.Item2);
        var area = Area.Between(a, b);
        return area.Contains(a) && area.Contains(b)
            && area.Contains(Points.At(a.Latitude, b.Longitude)) && area.Contains(Points.At(b.Latitude, a.Longitude));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_point_is_inside_exactly_if_both_coordinates_are_between_the_corners() => Prop.ForAll(Points.Pairs, Points.Any, (corners, point) =>
    {
        static bool Between(int value, int one, int other) => (value >= one && value <= other) || (value >= other && value <= one);
        var expected = Between(point.Latitude, corners.Item1.Latitude, corners.Item2.Latitude)
            && Between(point.Longitude, corners.Item1.Longitude, corners.Item2.Longitude);
        return Area.Between(corners.Item1, corners.Item2).Contains(point) == expected;
    }).QuickCheckThrowOnFailure();
}
