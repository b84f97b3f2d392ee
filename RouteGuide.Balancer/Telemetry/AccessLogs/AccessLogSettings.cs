using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Telemetry.AccessLogs;

/// <summary>How a call looks in the access log.</summary>
internal enum AccessLogFormat
{
    /// <summary>Fields separated by spaces, as load balancers write them.</summary>
    [SettingName("text")]
    Text,

    /// <summary>A JSON object.</summary>
    [SettingName("json")]
    Json,
}

/// <summary>The access log's settings.</summary>
internal sealed record AccessLogSettings
{
    [Setting("Enabled", "one line for each call")]
    public bool Enabled { get; init; }

    [Setting("Format", "`text`: the fields of AWS's load balancer and more behind them; `json`: the same as JSON lines")]
    public AccessLogFormat Format { get; init; }

    [Setting("Path", "a file that lines are added to; standard output if not set", Least = 1, Most = 4_096)]
    public string? Path { get; init; }
}
