using Grpc.Core;
using Grpc.Net.Client.Balancer;
using Grpc.Net.Client.Internal.Balancing;

namespace Grpc.Net.Client.Internal;

/// <summary>What the address of a channel means.</summary>
/// <param name="Address">The address as it was given.</param>
/// <param name="RequestBase">Where requests go, or would go without balancing: http or https.</param>
/// <param name="Name">What the channel is called.</param>
/// <param name="IsSecure">Whether connections use TLS.</param>
/// <param name="CallCredentials">The functions that make credentials for each call.</param>
/// <param name="Factory">Makes the resolver; null for an address that is one of a server.</param>
internal sealed record ChannelTarget(
    Uri Address, Uri RequestBase, string Name, bool IsSecure, IReadOnlyList<AsyncAuthInterceptor> CallCredentials, ResolverFactory? Factory)
{
    /// <exception cref="ArgumentException">The address is relative.</exception>
    /// <exception cref="InvalidOperationException">Nobody knows the scheme, or the credentials do not go with it.</exception>
    public static ChannelTarget From(Uri address, GrpcChannelOptions options)
    {
        if (!address.IsAbsoluteUri) throw new ArgumentException($"The address '{address}' has no scheme: use http:// or https://.", nameof(address));

        var (isSecure, credentials) = Read(options.Credentials);
        if (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps)
        {
            if (isSecure is { } secure && secure != (address.Scheme == Uri.UriSchemeHttps))
            {
                throw new InvalidOperationException(
                    $"{(secure ? "Secure" : "Insecure")} channel credentials do not go with an address of the scheme '{address.Scheme}'.");
            }

            return new ChannelTarget(address, address, address.Authority, address.Scheme == Uri.UriSchemeHttps, credentials, null);
        }

        var factory = ChannelServices.Resolver(options, address.Scheme) ?? throw new InvalidOperationException(
            $"There is no resolver for the scheme '{address.Scheme}' of the address '{address}': use http or https, "
            + $"or register a {nameof(ResolverFactory)} of that name with the channel's {nameof(GrpcChannelOptions.ServiceProvider)}.");
        if (isSecure is null)
        {
            throw new InvalidOperationException(
                $"The address '{address}' does not say whether connections use TLS: set {nameof(GrpcChannelOptions.Credentials)}, "
                + $"to {nameof(ChannelCredentials)}.{nameof(ChannelCredentials.SecureSsl)} or {nameof(ChannelCredentials)}.{nameof(ChannelCredentials.Insecure)}.");
        }

        var name = address.Authority.Length > 0 ? address.Authority : address.AbsolutePath.Trim('/');
        return new ChannelTarget(address, BaseOf(name, isSecure.Value), name, isSecure.Value, credentials, factory);
    }

    // A resolver's name need not be one of a host; requests get the address of a server before they are sent.
    private static Uri BaseOf(string name, bool isSecure)
    {
        var scheme = isSecure ? Uri.UriSchemeHttps : Uri.UriSchemeHttp;
        return Uri.TryCreate($"{scheme}://{name}", UriKind.Absolute, out var uri) && uri.Host.Length > 0
            ? new Uri(uri.GetLeftPart(UriPartial.Authority))
            : new Uri($"{scheme}://localhost");
    }

    private static (bool? IsSecure, IReadOnlyList<AsyncAuthInterceptor> CallCredentials) Read(ChannelCredentials? credentials)
    {
        if (credentials is null) return (null, []);
        var collector = new ChannelCredentialsCollector();
        credentials.InternalPopulateConfiguration(collector, collector);
        return (collector.IsSecure, collector.CallCredentials);
    }
}
