using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Health.Checks;

/// <summary>Where a check connects to.</summary>
/// <param name="Number">1 to 65535; null for the port that calls go to.</param>
internal sealed record CheckPort(int? Number) : ISettingValue<CheckPort>
{
    public const string Traffic = "traffic-port";

    public static string Expected => "traffic-port or a port from 1 to 65535";

    public static bool TryParse(string text, [NotNullWhen(true)] out CheckPort? value, out string? expected)
    {
        expected = null;
        value = text.Equals(Traffic, StringComparison.OrdinalIgnoreCase) ? new CheckPort((int?)null)
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= 65_535 ? new CheckPort(number)
            : null;
        return value is not null;
    }

    public override string ToString() => Number?.ToString(CultureInfo.InvariantCulture) ?? Traffic;
}
