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

    /// <summary>The retry settings for a method; null for none.</summary>
    /// <exception cref="InvalidOperationException">The policy is not valid.</exception>
    public RetrySettings? Find(IMethod method, int? attemptsLimit)
    {
        if (_configs.Count == 0) return null;
        var config = _configs.GetValueOrDefault((method.ServiceName, method.Name))
            ?? _configs.GetValueOrDefault((method.ServiceName, ""))
            ?? _configs.GetValueOrDefault(("", ""));
        return config?.RetryPolicy is { } policy ? RetrySettings.From(policy, attemptsLimit, method.FullName) : null;
    }

    private void Add(string service, string method, MethodConfig config)
    {
        if (service.Length == 0 && method.Length > 0)
            throw new InvalidOperationException($"The service config names the method '{method}' without its service.");
        if (!_configs.TryAdd((service, method), config))
            throw new InvalidOperationException($"The service config has two method configs for the service '{service}', method '{method}'.");
    }
}
