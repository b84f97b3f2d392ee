using System.Globalization;
using System.Text.RegularExpressions;

namespace RouteGuide.Bench.Measuring;

/// <summary>What <c>h2load</c> says at its end.</summary>
/// <param name="CallsPerSecond">Over the whole run, connecting included.</param>
/// <param name="Total">Calls asked for.</param>
/// <param name="Started">Calls sent.</param>
/// <param name="Succeeded">Calls that ended with a 2xx status and no stream error.</param>
/// <param name="Failed">Calls that did not.</param>
/// <param name="Errored">Those of them that ended with the connection or a stream error.</param>
/// <param name="TimedOut">Those of them that took too long.</param>
/// <param name="DataBytes">Octets of DATA received, padding not counted.</param>
internal sealed partial record H2LoadReport(double CallsPerSecond, long Total, long Started, long Succeeded, long Failed, long Errored, long TimedOut, long DataBytes)
{
    /// <summary>Reads the summary out of the output.</summary>
    /// <exception cref="FormatException">It is not there, or not as it should be.</exception>
    public static H2LoadReport Parse(string output)
    {
        var finished = Finished().Match(output);
        var requests = Requests().Match(output);
        var traffic = Traffic().Match(output);
        if (!finished.Success || !requests.Success || !traffic.Success)
        {
            throw new FormatException($"h2load's summary is not as expected:\n{output.Trim()}");
        }

        return new H2LoadReport(
            double.Parse(finished.Groups[1].ValueSpan, CultureInfo.InvariantCulture),
            Number(requests, 1), Number(requests, 2), Number(requests, 3), Number(requests, 4), Number(requests, 5), Number(requests, 6),
            Number(traffic, 1));

        static long Number(Match match, int group) => long.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);
    }

    /// <summary>Why the run counts for nothing, or null when every call did what it should.</summary>
    /// <param name="bytesPerCall">DATA that each answer has: a proxy's own error has none, though its status may be 200.</param>
    public string? Complaint(long bytesPerCall)
    {
        if (Succeeded != Total) return $"{Succeeded:N0} of {Total:N0} calls succeeded ({Started:N0} started, {Failed:N0} failed, {Errored:N0} errored, {TimedOut:N0} timed out)";
        return DataBytes == Total * bytesPerCall ? null : $"{DataBytes:N0} octets of DATA came for {Total:N0} calls, {Total * bytesPerCall:N0} are due";
    }

    [GeneratedRegex(@"^finished in \S+, ([0-9.]+) req/s", RegexOptions.Multiline)]
    private static partial Regex Finished();

    [GeneratedRegex("^requests: ([0-9]+) total, ([0-9]+) started, [0-9]+ done, ([0-9]+) succeeded, ([0-9]+) failed, ([0-9]+) errored, ([0-9]+) timeout", RegexOptions.Multiline)]
    private static partial Regex Requests();

    [GeneratedRegex(@"^traffic: .*\(([0-9]+)\) data", RegexOptions.Multiline)]
    private static partial Regex Traffic();
}
