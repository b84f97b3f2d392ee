using Routeguide;

namespace RouteGuide.Server.Features;

/// <summary>A rectangle with its corners in order: all sides in E7 form, borders included.</summary>
internal readonly record struct Area(int South, int North, int West, int East)
{
    /// <summary>The area between two opposite corners, given in either order.</summary>
    public static Area Between(Point a, Point b) => new(
        Math.Min(a.Latitude, b.Latitude),
        Math.Max(a.Latitude, b.Latitude),
        Math.Min(a.Longitude, b.Longitude),
        Math.Max(a.Longitude, b.Longitude));

    public bool Contains(Point point) =>
        point.Latitude >= South && point.Latitude <= North && point.Longitude >= West && point.Longitude <= East;
}
