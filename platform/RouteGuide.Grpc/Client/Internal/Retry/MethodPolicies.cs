using Grpc.Core;
using Grpc.Net.Client.Configuration;

namespace Grpc.Net.Client.Internal.Retry;

/// <summary>Which policy is for which method, as the service config was when the channel was made.</summary>
internal sealed class MethodPolicies
{
    // An empty method is the whole service, an empty service everything.
    private readonly Dictionary<(string Service, string Method), MethodConfig> _configs = [];

    public MethodPolicies(ServiceConfig? config)
    {
        foreach (var method in config?.MethodConfigs ?? [])
        {
            foreach (var name in method.Names) Add(name.Service ?? "", name.Method ?? "", method);
        }
    }

    /// <summary>How the calls of a method are repeated: retried, hedged, or neither.</summary>
    /// <exception cref="InvalidOperationException">The policy is not valid.</exception>
    public (RetrySettings? Retry, HedgingSettings? Hedging) Find(IMethod method, int? attemptsLimit)
    {
        if (_configs.Count == 0) return default;
        var config = _configs.GetValueOrDefault((method.ServiceName, method.Name))
            ?? _configs.GetValueOrDefault((method.ServiceName, ""))
            ?? _configs.GetValueOrDefault(("", ""));
        var (retry, hedging) = (config?.RetryPolicy, config?.HedgingPolicy);
        if (retry is not null && hedging is not null)
            throw new InvalidOperationException($"The method config for {method.FullName} has both a retry policy and a hedging policy: only one of them can repeat a call.");
        return (
            retry is null ? null : RetrySettings.From(retry, attemptsLimit, method.FullName),
            hedging is null ? null : HedgingSettings.From(hedging, attemptsLimit, method.FullName));
    }

    private void Add(string service, string method, MethodConfig config)
    {
        if (service.Length == 0 && method.Length > 0)
            throw new InvalidOperationException($"The service config names the method '{method}' without its service.");
        if (!_configs.TryAdd((service, method), config))
            throw new InvalidOperationException($"The service config has two method configs for the service '{service}', method '{method}'.");
    }
}
