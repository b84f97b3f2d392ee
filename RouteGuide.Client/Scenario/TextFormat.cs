using System.Text;
using Routeguide;

namespace RouteGuide.Client.Scenario;

/// <summary>
/// Prints points as the protobuf text format does (https://protobuf.dev/reference/protobuf/textformat-spec/): a line a field, and none
/// for a field that is zero. The documented transcript is made of it.
/// </summary>
internal static class TextFormat
{
    public static string Of(Point? point)
    {
        var text = new StringBuilder();
        if (point is { Latitude: not 0 }) text.Append("latitude: ").Append(point.Latitude).Append('\n');
        if (point is { Longitude: not 0 }) text.Append("longitude: ").Append(point.Longitude).Append('\n');
        return text.ToString();
    }
}
