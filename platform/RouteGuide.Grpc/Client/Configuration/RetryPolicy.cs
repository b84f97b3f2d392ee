using Grpc.Core;

namespace Grpc.Net.Client.Configuration;

/// <summary>When and how fast failed calls are repeated. All values are needed; they are checked when a method with the policy is first called.</summary>
public sealed class RetryPolicy : ConfigObject
{
    /// <summary>Creates a policy without values.</summary>
    public RetryPolicy()
    {
    }

    internal RetryPolicy(IDictionary<string, object> inner)
        : base(inner)
    {
    }

    /// <summary>The number of attempts, the first included; more than 1. <see cref="GrpcChannelOptions.MaxRetryAttempts"/> caps it.</summary>
    public int? MaxAttempts
    {
        get => Get<int?>("maxAttempts");
        set => Set("maxAttempts", value);
    }

    /// <summary>The most that the first pause can be; more than zero. The pause itself is drawn at random below it.</summary>
    public TimeSpan? InitialBackoff
    {
        get => GetDuration("initialBackoff");
        set => SetDuration("initialBackoff", value);
    }

    /// <summary>The most that any pause can be; more than zero.</summary>
    public TimeSpan? MaxBackoff
    {
        get => GetDuration("maxBackoff");
        set => SetDuration("maxBackoff", value);
    }

    /// <summary>By what the most that a pause can be grows with each attempt; more than zero.</summary>
    public double? BackoffMultiplier
    {
        get => Get<double?>("backoffMultiplier");
        set => Set("backoffMultiplier", value);
    }

    /// <summary>The codes after which a call is repeated; at least one.</summary>
    public IList<StatusCode> RetryableStatusCodes =>
        new ConfigList<StatusCode>(GetList("retryableStatusCodes"), ConfigValues.ParseCode, ConfigValues.FormatCodeObject);
}

/// <summary>
/// When a channel stops retrying: a bucket of tokens, from which each failure takes one and to which each success adds a part; at half and below there
/// are no retries.
/// </summary>
public sealed class RetryThrottlingPolicy : ConfigObject
{
    /// <summary>Creates a policy without values.</summary>
    public RetryThrottlingPolicy()
    {
    }

    internal RetryThrottlingPolicy(IDictionary<string, object> inner)
        : base(inner)
    {
    }

    /// <summary>The tokens of the full bucket; more than zero.</summary>
    public int? MaxTokens
    {
        get => Get<int?>("maxTokens");
        set => Set("maxTokens", value);
    }

    /// <summary>The part of a token that each success adds, with three decimals; more than zero.</summary>
    public double? TokenRatio
    {
        get => Get<double?>("tokenRatio");
        set => Set("tokenRatio", value);
    }
}
