using RouteGuide.Balancer.Proxy;

namespace RouteGuide.Balancer.Telemetry;

/// <summary>Short words for who ended a call and why, those of Envoy where it has one. A call that a target has answered to the end has none.</summary>
internal static class ResponseFlags
{
    private static readonly string[] Flags = [.. Enum.GetValues<ExchangeEnd>().Select(Find)];

    public static string Of(ExchangeEnd end) => Flags[(int)end];

    private static string Find(ExchangeEnd end) => end switch
    {
        ExchangeEnd.Completed => "-",
        ExchangeEnd.ClientGone => "DC",
        ExchangeEnd.TargetReset => "UR",
        ExchangeEnd.TargetLost => "UC",
        ExchangeEnd.TargetInvalid => "UPE",
        ExchangeEnd.NoTarget => "UH",
        ExchangeEnd.Deadline => "DT",
        ExchangeEnd.Shutdown => "SD",
        ExchangeEnd.Refused => "IR",
        ExchangeEnd.ByRule => "BR",
        ExchangeEnd.Idle => "SI",
        ExchangeEnd.RateLimited => "RL",
        ExchangeEnd.Overloaded => "UO",
        _ => throw new ArgumentOutOfRangeException(nameof(end), end, "It has no word."),
    };
}
