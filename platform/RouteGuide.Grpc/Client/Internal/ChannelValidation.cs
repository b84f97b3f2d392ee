using Grpc.Core;
using Grpc.Net.Client.Configuration;

namespace Grpc.Net.Client.Internal;

/// <summary>What a channel refuses when it is made, so that nothing is silently ignored later.</summary>
internal static class ChannelValidation
{
    /// <summary>Whether the address asks for TLS.</summary>
    public static bool CheckScheme(Uri address)
    {
        if (!address.IsAbsoluteUri) throw new ArgumentException($"The address '{address}' has no scheme: use http:// or https://.", nameof(address));
        if (address.Scheme == Uri.UriSchemeHttps) return true;
        if (address.Scheme == Uri.UriSchemeHttp) return false;
        // Those that the official client resolves, and this one does not yet.
        if (address.Scheme is "dns" or "static") throw new NotSupportedException($"The scheme '{address.Scheme}' of the address '{address}' is not supported: use http or https.");
        throw new InvalidOperationException($"There is no resolver for the scheme '{address.Scheme}' of the address '{address}': use http or https.");
    }

    /// <summary>The channel's call credentials.</summary>
    public static IReadOnlyList<AsyncAuthInterceptor> CheckCredentials(ChannelCredentials? credentials, bool isSecure)
    {
        if (credentials is null) return [];

        var collector = new ChannelCredentialsCollector();
        credentials.InternalPopulateConfiguration(collector, collector);
        if (collector.IsSecure is { } secure && secure != isSecure)
        {
            throw new InvalidOperationException(
                $"{(secure ? "Secure" : "Insecure")} channel credentials do not go with an address of the scheme '{(isSecure ? "https" : "http")}'.");
        }

        return collector.CallCredentials;
    }

    public static void CheckServiceConfig(ServiceConfig? config)
    {
        if (config is null) return;

        foreach (var method in config.MethodConfigs)
        {
            if (method.HedgingPolicy is not null) throw Unsupported("hedging");
        }

        foreach (var balancing in config.LoadBalancingConfigs)
        {
            if (balancing.PolicyName != LoadBalancingConfig.PickFirstPolicyName) throw Unsupported($"the load balancing policy '{balancing.PolicyName}'");
        }
    }

    private static NotSupportedException Unsupported(string what) => new($"The service config asks for {what}, which this channel does not support.");
}
