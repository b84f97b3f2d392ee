using Grpc.Core;

namespace Grpc.Net.Client.Configuration;

/// <summary>How often and how fast a call is sent again while the first is still without an answer.</summary>
public sealed class HedgingPolicy : ConfigObject
{
    /// <summary>Creates a policy without values.</summary>
    public HedgingPolicy()
    {
    }

    internal HedgingPolicy(IDictionary<string, object> inner)
        : base(inner)
    {
    }

    /// <summary>The number of attempts, the first included; more than 1.</summary>
    public int? MaxAttempts
    {
        get => Get<int?>("maxAttempts");
        set => Set("maxAttempts", value);
    }

    /// <summary>The pause between two attempts; null or zero to start all at once.</summary>
    public TimeSpan? HedgingDelay
    {
        get => GetDuration("hedgingDelay");
        set => SetDuration("hedgingDelay", value);
    }

    /// <summary>The codes after which the other attempts go on.</summary>
    public IList<StatusCode> NonFatalStatusCodes =>
        new ConfigList<StatusCode>(GetList("nonFatalStatusCodes"), ConfigValues.ParseCode, ConfigValues.FormatCodeObject);
}
