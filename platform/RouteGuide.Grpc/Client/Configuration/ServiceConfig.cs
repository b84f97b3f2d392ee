namespace Grpc.Net.Client.Configuration;

/// <summary>How a service wants to be called: which policies, for which methods.</summary>
public sealed class ServiceConfig : ConfigObject
{
    /// <summary>Creates a config without policies.</summary>
    public ServiceConfig()
    {
    }

    /// <summary>Balancing policies in order of preference: the first known one is used.</summary>
    public IList<LoadBalancingConfig> LoadBalancingConfigs =>
        new ConfigList<LoadBalancingConfig>(GetList("loadBalancingConfig"), json => LoadBalancingConfig.Wrap((IDictionary<string, object>)json), config => config.Inner);

    /// <summary>Policies for methods.</summary>
    public IList<MethodConfig> MethodConfigs =>
        new ConfigList<MethodConfig>(GetList("methodConfig"), json => new MethodConfig((IDictionary<string, object>)json), config => config.Inner);

    /// <summary>When the whole channel stops retrying; null for never.</summary>
    public RetryThrottlingPolicy? RetryThrottling
    {
        get => GetObject("retryThrottling", inner => new RetryThrottlingPolicy(inner));
        set => Set("retryThrottling", value?.Inner);
    }
}
