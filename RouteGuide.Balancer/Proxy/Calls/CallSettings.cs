using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Settings;

namespace RouteGuide.Balancer.Proxy.Calls;

/// <summary>How long calls may take.</summary>
internal sealed record DeadlineSettings
{
    [Setting("default_seconds", "the deadline of calls whose client has set none; the target sees it as `grpc-timeout`", Least = 0.001, Most = 2_592_000, ZeroIsOff = true)]
    public TimeSpan Default { get; init; }

    [Setting("max_seconds", "the longest deadline; the target sees it where the client has set a longer one or none", Least = 0.001, Most = 2_592_000, ZeroIsOff = true)]
    public TimeSpan Max { get; init; }
}

/// <summary>How long a call may be silent.</summary>
internal sealed record IdleSettings
{
    [Setting("timeout_seconds", "how long a call may pass without an octet of header or body in either direction", Least = 0.1, Most = 86_400, ZeroIsOff = true)]
    public TimeSpan Timeout { get; init; }
}

/// <summary>How many repetitions there may be beside the calls themselves (gRFC A6, throttling): for all clients of a rule together.</summary>
internal sealed record RetryBudgetSettings
{
    [Setting("max_tokens", "tokens when full; each attempt that fails takes one, and nothing is repeated while half of them or fewer are left; 0 is no limit", Least = 1, Most = 1_000_000, ZeroIsOff = true)]
    public int MaxTokens { get; init; } = 1_000;

    [Setting("token_ratio", "tokens that each call earns that goes well", Least = 0.001, Most = 1_000)]
    public double TokenRatio { get; init; } = 0.1;
}

/// <summary>What is sent again when it fails, although the target may have seen it.</summary>
internal sealed record RetrySettings
{
    [Setting("max_attempts", "attempts in all; 1 is off", Least = 1, Most = 10)]
    public int MaxAttempts { get; init; } = 1;

    [Setting("statuses", "the gRPC statuses that are tried again, if they come as the whole answer, without headers before them")]
    public StatusSet Statuses { get; init; } = StatusSet.Unavailable;

    [Setting("on_reset", "calls that the target resets, or whose connection breaks, before headers have come are tried again")]
    public bool OnReset { get; init; } = true;

    [Setting("per_try_timeout_seconds", "how long one attempt may take until its headers come", Least = 0.001, Most = 3_600, ZeroIsOff = true)]
    public TimeSpan PerTryTimeout { get; init; }

    [Setting("initial_backoff_seconds", "the longest wait before the second attempt; the wait is drawn between 0 and this", Least = 0, Most = 60)]
    public TimeSpan InitialBackoff { get; init; } = TimeSpan.FromSeconds(0.025);

    [Setting("max_backoff_seconds", "the longest wait before any attempt", Least = 0, Most = 600)]
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(0.25);

    [Setting("backoff_multiplier", "by how much the longest wait grows with each attempt", Least = 1, Most = 10)]
    public double BackoffMultiplier { get; init; } = 2;

    [Setting("budget", "how many repetitions there may be, retries and hedges together")]
    public RetryBudgetSettings Budget { get; init; } = new();
}

/// <summary>Calls that are sent to several targets, one after the other, without waiting for the failure of the first. Only for what may be carried out twice.</summary>
internal sealed record HedgingSettings
{
    [Setting("max_attempts", "targets that a call is sent to; 1 is off", Least = 1, Most = 5)]
    public int MaxAttempts { get; init; } = 1;

    [Setting("delay_seconds", "how long the answer is waited for before the next target gets the call too", Least = 0, Most = 60)]
    public TimeSpan Delay { get; init; } = TimeSpan.FromSeconds(0.1);

    [Setting("non_fatal_statuses", "the gRPC statuses that do not end the call while another target may still answer; with one of them the next target gets the call at once")]
    public StatusSet NonFatalStatuses { get; init; } = StatusSet.Unavailable;
}

/// <summary>How many calls there may be in a time.</summary>
internal sealed record RateLimitSettings
{
    [Setting("requests_per_second", "calls a second that are let through, on average", Least = 0.001, Most = 1_000_000, ZeroIsOff = true)]
    public double RequestsPerSecond { get; init; }

    [Setting("burst", "calls that may come at once; 0 is as many as in a second", Least = 1, Most = 1_000_000, ZeroIsOff = true)]
    public int Burst { get; init; }

    [Setting("key", "whose calls count together: `source_ip`, `rule`, or `header:NAME` for one value of a header or metadata key")]
    public RateLimitKey Key { get; init; } = RateLimitKey.SourceIp;
}

/// <summary>How the calls of a rule are treated; with the defaults nothing is done to them.</summary>
internal sealed record CallSettings : IChecked
{
    [Setting("deadline", "how long calls may take")]
    public DeadlineSettings Deadline { get; init; } = new();

    [Setting("idle_timeout", "how long calls may be silent")]
    public IdleSettings Idle { get; init; } = new();

    [Setting("retry", "what is sent again when it fails")]
    public RetrySettings Retry { get; init; } = new();

    [Setting("hedging", "what is sent to several targets")]
    public HedgingSettings Hedging { get; init; } = new();

    [Setting("rate_limit", "how many calls there may be")]
    public RateLimitSettings RateLimit { get; init; } = new();

    public IEnumerable<SettingProblem> Check()
    {
        // gRFC A6: a method has one policy or the other.
        if (Hedging.MaxAttempts > 1 && Retry.MaxAttempts > 1) yield return new SettingProblem("hedging.max_attempts", $"{Hedging.MaxAttempts}", "1 where retry.max_attempts is above 1: a rule has one of the two");
        if (Retry.MaxBackoff < Retry.InitialBackoff) yield return new SettingProblem("retry.max_backoff_seconds", $"{Retry.MaxBackoff.TotalSeconds}", $"at least retry.initial_backoff_seconds, which is {Retry.InitialBackoff.TotalSeconds}");
        if (Deadline.Max > TimeSpan.Zero && Deadline.Default > Deadline.Max) yield return new SettingProblem("deadline.default_seconds", $"{Deadline.Default.TotalSeconds}", $"at most deadline.max_seconds, which is {Deadline.Max.TotalSeconds}");
    }
}

/// <summary>How many calls a target of a group has at once.</summary>
internal sealed record ConcurrencySettings
{
    [Setting("max_per_target", "calls that run at one target at once, counted over the whole balancer", Least = 1, Most = 1_000_000, ZeroIsOff = true)]
    public int MaxPerTarget { get; init; }

    [Setting("queue_size", "calls that wait, in their order, while every target has as many as it may; further ones get RESOURCE_EXHAUSTED (503) at once", Least = 0, Most = 100_000)]
    public int QueueSize { get; init; }

    [Setting("queue_timeout_seconds", "how long a call waits", Least = 0.001, Most = 3_600)]
    public TimeSpan QueueTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
