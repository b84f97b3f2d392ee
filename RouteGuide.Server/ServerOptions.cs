using System.Globalization;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Server;

/// <summary>What can be set of the server, in the section <c>RouteGuide</c>.</summary>
/// <param name="Database">The feature file; a relative path starts at the program's folder.</param>
/// <param name="MaxChatNotes">Notes that one RouteChat call may store.</param>
/// <param name="MaxChatBytes">Bytes of notes, as serialized, that one RouteChat call may store.</param>
/// <param name="DrainTimeout">How long calls that run at SIGTERM may go on.</param>
internal sealed record ServerOptions(string Database, int MaxChatNotes, long MaxChatBytes, TimeSpan DrainTimeout)
{
    public static readonly ServerOptions Default = new(
        Path.Combine(AppContext.BaseDirectory, "data", "route_guide_db.json"),
        MaxChatNotes: 10_000,
        MaxChatBytes: 16 * 1024 * 1024,
        DrainTimeout: TimeSpan.FromSeconds(5));

    /// <exception cref="ConfigurationException">A value cannot be read or is out of range.</exception>
    public static ServerOptions From(IConfiguration configuration)
    {
        const string Section = "RouteGuide";
        string? Get(string name) => configuration[$"{Section}:{name}"] is { Length: > 0 } text ? text : null;

        long Number(string name, long fallback, long max) => Get(name) switch
        {
            null => fallback,
            var text when long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= 1 && value <= max => value,
            var text => throw new ConfigurationException($"{Section}:{name}", text, $"a whole number from 1 to {max}"),
        };

        TimeSpan Seconds(string name, TimeSpan fallback) => Get(name) switch
        {
            null => fallback,
            var text when double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value <= 3600 => TimeSpan.FromSeconds(value),
            var text => throw new ConfigurationException($"{Section}:{name}", text, "a number of seconds from 0 to 3600"),
        };

        return new ServerOptions(
            Get(nameof(Database)) is { } path ? Path.Combine(AppContext.BaseDirectory, path) : Default.Database,
            (int)Number(nameof(MaxChatNotes), Default.MaxChatNotes, int.MaxValue),
            Number(nameof(MaxChatBytes), Default.MaxChatBytes, long.MaxValue),
            Seconds("DrainSeconds", Default.DrainTimeout));
    }
}
