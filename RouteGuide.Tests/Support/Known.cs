using System.Globalization;
using System.Text.Json;
using Routeguide;

namespace RouteGuide.Tests.Support;

/// <summary>What the data says the answers must be, read on its own and not by the code under test.</summary>
internal static class Known
{
    /// <summary>All features, in the order of the shipped file.</summary>
    public static IReadOnlyList<Feature> Features { get; } = Read();

    /// <summary>Ten points of the database, in the order in which they are visited.</summary>
    public static IReadOnlyList<Point> Route { get; } =
    [
        Points.At(400066188, -746793294), Points.At(412452168, -740214052), Points.At(401827388, -740294537), Points.At(414777405, -740615601),
        Points.At(409642566, -746017679), Points.At(406685311, -742108603), Points.At(406523420, -742135517), Points.At(405047245, -749800722),
        Points.At(418858923, -746156790), Points.At(409532885, -742200683),
    ];

    /// <summary>The length of <see cref="Route"/> in metres.</summary>
    public const int RouteMetres = 863_981;

    /// <summary>A point as the protobuf text format prints it.</summary>
    public static string Text(Point point) =>
        (point.Latitude == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"latitude: {point.Latitude}\n"))
        + (point.Longitude == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"longitude: {point.Longitude}\n"));

    private static List<Feature> Read()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Repository.File("data", "route_guide_db.json")));
        return
        [
            .. json.RootElement.EnumerateArray().Select(entry => new Feature
            {
                Name = entry.GetProperty("name").GetString(),
                Location = Points.At(
                    entry.GetProperty("location").GetProperty("latitude").GetInt32(),
                    entry.GetProperty("location").GetProperty("longitude").GetInt32()),
            }),
        ];
    }
}
