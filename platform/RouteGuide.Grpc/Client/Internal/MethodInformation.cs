using Grpc.Core;
using Grpc.Net.Client.Internal.Engine;
using Grpc.Net.Client.Internal.Retry;

namespace Grpc.Net.Client.Internal;

/// <summary>What a channel knows about a method, worked out once.</summary>
/// <param name="RequestUri">Where its requests go.</param>
/// <param name="ServiceUrl">Its service, as call credentials see it.</param>
/// <param name="Retry">How its calls are retried; null for not at all.</param>
/// <param name="Hedging">How its calls are hedged; null for not at all.</param>
internal sealed record MethodInformation(Uri RequestUri, string ServiceUrl, RetrySettings? Retry, HedgingSettings? Hedging)
{
    /// <summary>The fields of its requests, if they go over the engine; made with the first.</summary>
    public RequestTemplate? Template { get; set; }

    public static MethodInformation Create(Uri address, bool isSecure, IMethod method, (RetrySettings? Retry, HedgingSettings? Hedging) repetition)
    {
        const string DefaultSecurePort = ":443";
        var authority = address.Authority;
        if (isSecure && authority.EndsWith(DefaultSecurePort, StringComparison.Ordinal)) authority = authority[..^DefaultSecurePort.Length];

        return new MethodInformation(
            new Uri(address, address.AbsolutePath.TrimEnd('/') + method.FullName),
            $"{address.Scheme}://{authority}/{method.ServiceName}",
            repetition.Retry,
            repetition.Hedging);
    }
}
