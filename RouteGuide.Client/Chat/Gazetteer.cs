using System.Globalization;
using Routeguide;

namespace RouteGuide.Client.Chat;

/// <summary>Finds points by the names of features, and names by points.</summary>
internal sealed class Gazetteer(IReadOnlyList<Feature> features)
{
    private const double E7 = 1e7;
    private const int Most = 8;

    private readonly List<Feature> _named = [.. features.Where(feature => feature.Name.Length > 0)];

    /// <summary>The point that a text stands for: degrees as <c>40.9146,-74.6189</c>, or some part of one feature's name.</summary>
    /// <returns>The point, or what is wrong with the text.</returns>
    public (Point? Point, string Problem) Find(string text)
    {
        if (Degrees(text) is { } point) return (point, "");
        var found = Search(text);
        return found switch
        {
            [] => (null, $"no place is called '{text}', and it is no latitude and longitude in degrees such as 40.9146,-74.6189 (±90, ±180)."),
            [var one] => (one.Location, ""),
            _ when found.FirstOrDefault(feature => string.Equals(feature.Name, text, StringComparison.OrdinalIgnoreCase)) is { } exact => (exact.Location, ""),
            _ => (null, $"'{text}' may be {string.Join("; ", found.Take(Most).Select(feature => feature.Name))}{(found.Count > Most ? $"; or {found.Count - Most} more" : "")}."),
        };
    }

    /// <summary>The features whose name has the text in it.</summary>
    public IReadOnlyList<Feature> Search(string text) => _named.FindAll(feature => feature.Name.Contains(text, StringComparison.OrdinalIgnoreCase));

    /// <summary>The feature's name, or the point in degrees.</summary>
    public string NameOf(Point? point)
    {
        var at = point ?? new Point();
        return _named.Find(feature => feature.Location.Equals(at))?.Name ?? string.Create(CultureInfo.InvariantCulture, $"{at.Latitude / E7:0.#######},{at.Longitude / E7:0.#######}");
    }

    private static Point? Degrees(string text)
    {
        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;
        return text.Split(',', StringSplitOptions.TrimEntries) is [var first, var second]
            && double.TryParse(first, Style, CultureInfo.InvariantCulture, out var latitude) && Math.Abs(latitude) <= 90
            && double.TryParse(second, Style, CultureInfo.InvariantCulture, out var longitude) && Math.Abs(longitude) <= 180
            ? new Point { Latitude = (int)Math.Round(latitude * E7), Longitude = (int)Math.Round(longitude * E7) }
            : null;
    }
}
