namespace RouteGuide.Balancer.Health.Checks;

/// <summary>What a check has found.</summary>
/// <param name="Reason">Why it failed, as a code; null if it passed.</param>
/// <param name="Description">Why it failed, for people; empty if it passed.</param>
internal readonly record struct CheckResult(string? Reason, string Description)
{
    public static readonly CheckResult Passed = new(null, "");

    public static readonly CheckResult TimedOut = new("Target.Timeout", "Request timed out");

    public bool HasPassed => Reason is null;

    /// <summary>An answer came, with another code than is asked for.</summary>
    public static CheckResult Mismatch(int code) => new("Target.ResponseCodeMismatch", $"Health checks failed with these codes: [{code}]");

    /// <summary>No answer came, or none that is one.</summary>
    public static CheckResult Failed(string why) => new("Target.FailedHealthChecks", $"Health checks failed: {why}");

    /// <summary>It is our own fault.</summary>
    public static CheckResult InternalError(string why) => new("Elb.InternalError", $"Health checks failed due to an internal error: {why}");
}
