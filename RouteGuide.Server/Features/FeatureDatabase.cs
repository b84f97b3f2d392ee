using System.Text.Json;
using System.Text.Json.Serialization;
using Routeguide;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Server.Features;

/// <summary>The named and unnamed places that the service knows, in the order of their file. Immutable.</summary>
internal sealed class FeatureDatabase
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        RespectRequiredConstructorParameters = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    private readonly Feature[] _features;
    private readonly Dictionary<(int Latitude, int Longitude), Feature> _byPoint;

    public FeatureDatabase(IEnumerable<Feature> features)
    {
        _features = [.. features];
        _byPoint = new(_features.Length);
        foreach (var feature in _features) _byPoint.TryAdd(feature.Location.Key(), feature);
    }

    /// <summary>All features, in the order of the file.</summary>
    public ReadOnlySpan<Feature> Features => _features;

    /// <summary>The first feature at exactly that point, or null.</summary>
    public Feature? At(Point point) => _byPoint.GetValueOrDefault(point.Key());

    /// <summary>The features inside an area, borders included, in the order of the file.</summary>
    public IEnumerable<Feature> In(Area area) => _features.Where(feature => area.Contains(feature.Location));

    /// <summary>Reads a file: an array of <c>{"location": {"latitude": E7, "longitude": E7}, "name": text}</c>.</summary>
    /// <exception cref="ConfigurationException">It is missing, unreadable, or not such an array; the message names file and place.</exception>
    public static FeatureDatabase Load(string path)
    {
        Entry?[] entries;
        try
        {
            using var file = File.OpenRead(path);
            entries = JsonSerializer.Deserialize<Entry?[]>(file, Json) ?? throw new ConfigurationException($"feature database '{path}': it holds null, not an array.");
        }
        catch (JsonException error)
        {
            throw new ConfigurationException($"feature database '{path}': line {error.LineNumber + 1}, {error.Path}: not a list of features ({OneLine(error.Message)})", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"feature database '{path}': {OneLine(error.Message)}", error);
        }

        return new FeatureDatabase(entries.Select((entry, index) => ToFeature(entry, index, path)));
    }

    private static Feature ToFeature(Entry? entry, int index, string path)
    {
        if (entry?.Location is null) throw new ConfigurationException($"feature database '{path}': entry {index} has no location.");

        var feature = new Feature { Name = entry.Name ?? "", Location = new Point { Latitude = entry.Location.Latitude, Longitude = entry.Location.Longitude } };
        return Globe.Fault(feature.Location, "location") is { } fault
            ? throw new ConfigurationException($"feature database '{path}': entry {index}: {fault.Text}")
            : feature;
    }

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");

    private sealed record Entry(Place Location, string? Name = null);

    private sealed record Place(int Latitude, int Longitude);
}
