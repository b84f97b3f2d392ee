using System.Globalization;
using System.Text.Json;
using Google.Protobuf;
using Routeguide;
using RouteGuide.Client.Cli;

namespace RouteGuide.Client.Scenario;

/// <summary>Where the points of RecordRoute come from: a file, or ten random features of the database that both sides have.</summary>
internal static class RouteSource
{
    private const int RandomPoints = 10;

    /// <summary>A source that gives the points of one journey each time it is asked.</summary>
    /// <exception cref="UsageException">The file cannot be read or has a line that is no point.</exception>
    public static Func<IReadOnlyList<Point>> Choose(ClientSettings settings)
    {
        if (settings.RouteFile is { } file)
        {
            var points = ReadPoints(file);
            return () => points;
        }

        var features = Features();
        var random = settings.Seed is { } seed ? new Random(seed) : Random.Shared;
        return () => [.. Enumerable.Range(0, RandomPoints).Select(_ => features[random.Next(features.Count)].Location)];
    }

    private static List<Point> ReadPoints(FileInfo file)
    {
        var points = new List<Point>();
        var number = 0;
        foreach (var line in Lines(file))
        {
            number++;
            var words = line.Split([' ', '\t', ',', ';'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 0 || words[0].StartsWith('#')) continue;
            if (words is [var latitude, var longitude] && TryInt(latitude, out var lat) && TryInt(longitude, out var lon)
                && lat is >= -900_000_000 and <= 900_000_000 && lon is >= -1_800_000_000 and <= 1_800_000_000)
            {
                points.Add(new Point { Latitude = lat, Longitude = lon });
            }
            else if (number > 1 || words.Any(word => TryInt(word, out _)))
            {
                // The first line may be a heading, which has no number in it.
                throw new UsageException($"--route: '{file}', line {number}: '{line}' is not a latitude and a longitude in 1e-7 degrees.");
            }
        }

        return points.Count > 0 ? points : throw new UsageException($"--route: '{file}' holds no point.");
    }

    private static string[] Lines(FileInfo file)
    {
        try
        {
            return File.ReadAllLines(file.FullName);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--route: '{file}' cannot be read: {error.Message}", error);
        }
    }

    private static bool TryInt(string text, out int value) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    /// <summary>The features of the database that both sides have.</summary>
    /// <exception cref="UsageException">It cannot be read.</exception>
    public static IReadOnlyList<Feature> Features()
    {
        var path = Path.Combine(AppContext.BaseDirectory, "data", "route_guide_db.json");
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            return [.. json.RootElement.EnumerateArray().Select(element => JsonParser.Default.Parse<Feature>(element.GetRawText()))];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException or InvalidProtocolBufferException or InvalidOperationException)
        {
            throw new UsageException($"the feature database '{path}' cannot be read: {error.Message}", error);
        }
    }
}
