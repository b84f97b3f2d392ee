using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Telemetry.Admin;

/// <summary>Settings of the status page.</summary>
internal sealed record AdminSettings
{
    [Setting("Url", "where the status page, its JSON and the metrics are served: `http://` on loopback; nowhere if not set. `ADMIN_PORT` is the same as a port", NeedsRestart = true)]
    public string? Url { get; init; }

    [Setting("Key", "what changes by hand have to show there, as `authorization: Bearer <key>`; without one nothing can be changed. `ADMIN_KEY` is the same, and keeps it out of files", NeedsRestart = true)]
    public string? Key { get; init; }
}
