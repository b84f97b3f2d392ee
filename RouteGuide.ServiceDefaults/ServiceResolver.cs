using Grpc.Core;
using Grpc.Net.Client.Balancer;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace RouteGuide.ServiceDefaults;

/// <summary>Lets gRPC channels be opened to <c>https+http://name</c>: TLS or not is what the channel's credentials say.</summary>
internal sealed class HttpsOrHttpResolverFactory(IConfiguration configuration) : ResolverFactory
{
    public const string Scheme = "https+http";

    public override string Name => Scheme;

    public override Resolver Create(ResolverOptions options) => new ServiceResolver(configuration, options);
}

/// <summary>The same for <c>http+https://name</c>: a channel has one answer to whether there is TLS, so the order says nothing to it.</summary>
internal sealed class HttpOrHttpsResolverFactory(IConfiguration configuration) : ResolverFactory
{
    public override string Name => "http+https";

    public override Resolver Create(ResolverOptions options) => new ServiceResolver(configuration, options);
}

/// <summary>
/// Finds all addresses of a service, for the channel's policy to choose among: at the start, when the configuration changes, and when
/// a connection was lost.
/// </summary>
internal sealed class ServiceResolver : PollingResolver
{
    private const int HttpsPort = 443;

    private readonly IConfiguration _configuration;
    private readonly Uri _asked;
    private readonly Uri _address;
    private IDisposable? _changes;

    /// <exception cref="ArgumentException">The address names no service, or has a path, which a server among others cannot have.</exception>
    public ServiceResolver(IConfiguration configuration, ResolverOptions options)
        : base(options.LoggerFactory)
    {
        _configuration = configuration;
        _asked = options.Address;
        if (_asked.Host.Length == 0 || _asked.PathAndQuery is not ("" or "/"))
            throw new ArgumentException($"The address '{_asked.OriginalString}' is not that of a service: use {_asked.Scheme}://name.", nameof(options));
        // The default port is how a resolver hears whether the channel's credentials ask for TLS.
        _address = new UriBuilder(_asked) { Scheme = options.DefaultPort == HttpsPort ? Uri.UriSchemeHttps : Uri.UriSchemeHttp }.Uri;
    }

    protected override void OnStarted() => _changes = ChangeToken.OnChange(_configuration.GetReloadToken, Refresh);

    protected override Task ResolveAsync(CancellationToken cancellationToken)
    {
        var found = Find(_address.Scheme);
        // Who names a port means that port.
        if (found.Count == 0 && _asked.Port > 0) found = [_address];
        Listener(found.Count > 0
            ? ResolverResult.ForResult([.. found.Select(ToAddress)])
            : ResolverResult.ForFailure(new Status(StatusCode.Unavailable, NotFound())));
        return Task.CompletedTask;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _changes?.Dispose();
        base.Dispose(disposing);
    }

    private List<Uri> Find(string scheme) =>
        [.. ServiceEndpoints.Resolve(_configuration, new UriBuilder(_asked) { Scheme = scheme }.Uri).Where(uri => uri.Scheme == scheme)];

    private BalancerAddress ToAddress(Uri uri) => uri.AbsolutePath == "/"
        ? new BalancerAddress(uri.IdnHost, uri.Port)
        : throw new InvalidOperationException($"The address '{uri}' of the service '{_asked.Host}' has a path, which a server among others cannot have.");

    private string NotFound()
    {
        var other = _address.Scheme == Uri.UriSchemeHttps ? Uri.UriSchemeHttp : Uri.UriSchemeHttps;
        var hint = Find(other).Count > 0 ? $" It has {other} addresses, which need other channel credentials." : "";
        var keys = string.Join(" and ", ServiceEndpoints.Keys(_address));
        return $"The service '{_asked.Host}' has no {_address.Scheme} address: looked for {keys} in the configuration.{hint}";
    }
}
