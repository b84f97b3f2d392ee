using System.Collections.Concurrent;
using Grpc.Core;
using Grpc.Net.Client.Configuration;
using Grpc.Net.Client.Internal.Retry;

namespace Grpc.Net.Client.Internal;

/// <summary>What a channel knows of its methods under one service config.</summary>
internal sealed class MethodBook
{
    private readonly ConcurrentDictionary<string, MethodInformation> _methods = new(StringComparer.Ordinal);
    private readonly MethodPolicies _policies;
    private readonly ChannelTarget _target;
    private readonly int? _maxAttempts;

    /// <exception cref="InvalidOperationException">The config names methods twice, or its throttling is not valid.</exception>
    public MethodBook(ServiceConfig? config, ChannelTarget target, int? maxAttempts)
    {
        _policies = new MethodPolicies(config);
        _target = target;
        _maxAttempts = maxAttempts;
        Throttle = RetryThrottle.From(config?.RetryThrottling);
    }

    public RetryThrottle? Throttle { get; }

    /// <exception cref="InvalidOperationException">The method's policy is not valid.</exception>
    public MethodInformation Describe(IMethod method) => _methods.TryGetValue(method.FullName, out var known)
        ? known
        : _methods.GetOrAdd(method.FullName, MethodInformation.Create(_target.RequestBase, _target.IsSecure, method, _policies.Find(method, _maxAttempts)));
}
