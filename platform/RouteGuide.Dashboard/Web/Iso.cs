using System.Globalization;

namespace RouteGuide.Dashboard.Web;

/// <summary>Times as the pages get them.</summary>
internal static class Iso
{
    private static readonly long LastSecond = DateTimeOffset.MaxValue.ToUnixTimeSeconds();

    public static string Time(DateTime utc) => utc.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);

    public static string Time(DateTimeOffset time) => Time(time.UtcDateTime);

    /// <summary>A time to its last digit, which <see cref="DateTime"/> has no room for.</summary>
    /// <param name="unixNanoseconds">Nanoseconds since 1970.</param>
    public static string Nano(ulong unixNanoseconds)
    {
        var (seconds, nanoseconds) = Math.DivRem(unixNanoseconds, 1_000_000_000);
        return string.Create(CultureInfo.InvariantCulture, $"{DateTimeOffset.FromUnixTimeSeconds(Math.Min((long)seconds, LastSecond)).UtcDateTime:yyyy-MM-dd'T'HH:mm:ss}.{nanoseconds:000000000}Z");
    }
}
