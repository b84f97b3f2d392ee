namespace RouteGuide.Dashboard.Settings;

/// <summary>What requests may ask for, whoever sends them.</summary>
internal static class Limits
{
    /// <summary>Bytes of a message of telemetry, compressed or not.</summary>
    public const int OtlpBytes = 16 * 1024 * 1024;

    /// <summary>Bytes of the body of any request: a message of telemetry and the five bytes before it in gRPC.</summary>
    public const int RequestBytes = OtlpBytes + 1024;
}
