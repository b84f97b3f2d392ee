using System.Text.RegularExpressions;
using Routeguide;

namespace RouteGuide.Tests.Support;

/// <summary>What the client must print, worked out from the data alone.</summary>
internal static partial class ExpectedTranscript
{
    /// <summary>The whole transcript, given the points that were visited and the seconds that it took.</summary>
    public static string Of(IReadOnlyList<Point> route, int seconds) => GetFeature + ListFeatures + RecordRoute(route, seconds) + RouteChat;

    public static string GetFeature =>
        """
        -------------- GetFeature --------------
        Feature called Berkshire Valley Management Area Trail, Jefferson, NJ, USA at latitude: 409146138
        longitude: -746188906

        """ + "\nFound no feature at \n";

    public static string ListFeatures =>
        "-------------- ListFeatures --------------\nLooking for features between 40, -75 and 42, -73\n" + string.Concat(Known.Features
            .Where(f => f.Location.Latitude is >= 400_000_000 and <= 420_000_000 && f.Location.Longitude is >= -750_000_000 and <= -730_000_000)
            .Select(f => $"Feature called {f.Name} at {Known.Text(f.Location)}\n"));

    public static string RouteChat =>
        "-------------- RouteChat --------------\n"
        + "Sending First message at \n"
        + "Sending Second message at longitude: 1\n\n"
        + "Sending Third message at latitude: 1\n\n"
        + "Sending Fourth message at \n"
        + "Sending Fifth message at latitude: 1\n\n"
        + "Received message First message at \n"
        + "Received message Third message at latitude: 1\n\n";

    public static string RecordRoute(IReadOnlyList<Point> route, int seconds) =>
        "-------------- RecordRoute --------------\n"
        + string.Concat(route.Select(point => $"Visiting point {Known.Text(point)}\n"))
        + $"Finished trip with {route.Count} points \nPassed {route.Count(p => Known.Features.Any(f => f.Location.Equals(p)))} features \n"
        + $"Travelled {Metres(route)} meters \nIt took {seconds} seconds \n";

    /// <summary>The points that a transcript says were visited, and the seconds that it says it took.</summary>
    public static (IReadOnlyList<Point> Route, int Seconds) Visited(string transcript) => (
        [.. VisitedPoint().Matches(transcript).Select(m => Points.At(int.Parse(m.Groups[1].Value), int.Parse(m.Groups[2].Value)))],
        int.Parse(Took().Match(transcript).Groups[1].Value));

    // By the law of the sphere's chord, another way than the haversine formula that the server uses.
    private static int Metres(IReadOnlyList<Point> route)
    {
        static (double X, double Y, double Z) Vector(Point p)
        {
            var (latitude, longitude) = (p.Latitude / 1e7 * Math.PI / 180, p.Longitude / 1e7 * Math.PI / 180);
            return (Math.Cos(latitude) * Math.Cos(longitude), Math.Cos(latitude) * Math.Sin(longitude), Math.Sin(latitude));
        }

        return (int)route.Zip(route.Skip(1)).Sum(leg =>
        {
            var (a, b) = (Vector(leg.First), Vector(leg.Second));
            var chord = Math.Sqrt(Math.Pow(a.X - b.X, 2) + Math.Pow(a.Y - b.Y, 2) + Math.Pow(a.Z - b.Z, 2));
            return 2 * 6_371_000 * Math.Asin(chord / 2);
        });
    }

    [GeneratedRegex("Visiting point latitude: (-?[0-9]+)\nlongitude: (-?[0-9]+)\n")]
    private static partial Regex VisitedPoint();

    [GeneratedRegex("It took ([0-9]+) seconds")]
    private static partial Regex Took();
}
