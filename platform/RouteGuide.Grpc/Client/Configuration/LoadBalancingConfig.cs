namespace Grpc.Net.Client.Configuration;

/// <summary>A balancing policy by name, with its settings.</summary>
public class LoadBalancingConfig : ConfigObject
{
    /// <summary>The policy that uses the first address that answers.</summary>
    public const string PickFirstPolicyName = "pick_first";

    /// <summary>The policy that uses all addresses in turn.</summary>
    public const string RoundRobinPolicyName = "round_robin";

    /// <summary>Names a policy.</summary>
    /// <param name="loadBalancingPolicyName">The name.</param>
    /// <exception cref="ArgumentNullException">The name is null.</exception>
    public LoadBalancingConfig(string loadBalancingPolicyName)
    {
        ArgumentNullException.ThrowIfNull(loadBalancingPolicyName);
        // In JSON a policy is an object whose only name is the policy's.
        Inner[loadBalancingPolicyName] = new Dictionary<string, object>();
    }

    private LoadBalancingConfig(IDictionary<string, object> inner)
        : base(inner)
    {
    }

    /// <summary>The policy's name.</summary>
    public string PolicyName => Inner.Keys.FirstOrDefault() ?? throw new InvalidOperationException("A load balancing config names no policy.");

    internal static LoadBalancingConfig Wrap(IDictionary<string, object> inner) => new(inner);
}

/// <summary>The policy that uses the first address that answers.</summary>
public sealed class PickFirstConfig : LoadBalancingConfig
{
    /// <summary>Names the policy.</summary>
    public PickFirstConfig()
        : base(PickFirstPolicyName)
    {
    }
}

/// <summary>The policy that uses all addresses in turn.</summary>
public sealed class RoundRobinConfig : LoadBalancingConfig
{
    /// <summary>Names the policy.</summary>
    public RoundRobinConfig()
        : base(RoundRobinPolicyName)
    {
    }
}
