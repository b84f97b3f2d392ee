using Routeguide;

namespace RouteGuide.Server.Features;

/// <summary>Points on the globe in E7 form (1e-7 degrees): which are valid, and how far apart they are.</summary>
internal static class Globe
{
    /// <summary>90° in E7 form.</summary>
    public const int MaxLatitude = 900_000_000;

    /// <summary>180° in E7 form.</summary>
    public const int MaxLongitude = 1_800_000_000;

    private const double RadiansPerUnit = Math.PI / 180 / 1e7;

    // The mean radius as the public demo has it, in metres.
    private const double Radius = 6_371_000;

    /// <summary>What is wrong with a point, naming the field below <paramref name="field"/> and the value; null if nothing is.</summary>
    public static PointFault? Fault(Point point, string field)
    {
        var prefix = field.Length == 0 ? "" : field + ".";
        return Outside($"{prefix}latitude", point.Latitude, MaxLatitude) ?? Outside($"{prefix}longitude", point.Longitude, MaxLongitude);
    }

    /// <summary>The distance along the great circle by the haversine formula, in metres; 0 to about 20,015,087.</summary>
    public static double Distance(Point from, Point to)
    {
        var latitude1 = from.Latitude * RadiansPerUnit;
        var latitude2 = to.Latitude * RadiansPerUnit;
        var sinLatitude = Math.Sin((latitude2 - latitude1) / 2);
        // As double: the difference of two longitudes does not fit an int.
        var sinLongitude = Math.Sin(((double)to.Longitude - from.Longitude) * RadiansPerUnit / 2);
        var a = (sinLatitude * sinLatitude) + (Math.Cos(latitude1) * Math.Cos(latitude2) * sinLongitude * sinLongitude);
        // Rounding can carry a past 1 between antipodes, and the root of 1 - a would be no number.
        return 2 * Radius * Math.Atan2(Math.Sqrt(a), Math.Sqrt(Math.Max(0, 1 - a)));
    }

    /// <summary>The point as a key of a dictionary.</summary>
    public static (int Latitude, int Longitude) Key(this Point point) => (point.Latitude, point.Longitude);

    private static PointFault? Outside(string field, int value, int max) =>
        value < -max || value > max ? new PointFault(field, $"{field} {value} is outside -{max}..{max} (1e-7 degrees)") : null;
}

/// <summary>What is wrong with a point.</summary>
/// <param name="Field">The path of the field.</param>
/// <param name="Text">The field, its value and what it may be.</param>
internal readonly record struct PointFault(string Field, string Text);
