using RouteGuide.Dashboard.Resources;
using RouteGuide.Dashboard.Settings;

namespace RouteGuide.Dashboard.Balancing;

/// <summary>Finds the balancer: where the settings say, or else the resource that has an endpoint named <c>admin</c>.</summary>
/// <param name="options">The settings.</param>
/// <param name="book">The resources.</param>
internal sealed class BalancerLocator(DashboardOptions options, ResourceBook book)
{
    private const string KeyVariable = "ADMIN_KEY";
    private const string AuthorityVariable = "ROUTEGUIDE_CA";

    public BalancerAddresses Find()
    {
        if (options.Balancer is { Admin: not null } or { Front: not null }) return options.Balancer;
        var balancer = book.Current.Resources.Values.FirstOrDefault(resource => UrlOf(resource, "admin") is not null);
        return balancer is null ? options.Balancer : new BalancerAddresses(UrlOf(balancer, "admin"), UrlOf(balancer, "https"), UrlOf(balancer, "tcp"), Variable(balancer, KeyVariable));
    }

    /// <summary>A PEM file with the authority that signed the balancer's certificate; null for those of the machine.</summary>
    public string? Authority => options.CertificateAuthority
        ?? book.Current.Resources.Values.Select(resource => Variable(resource, AuthorityVariable)).FirstOrDefault(file => file is not null && File.Exists(file));

    private static Uri? UrlOf(ResourceView resource, string endpoint) => resource.Urls.FirstOrDefault(url => url.Endpoint == endpoint && !url.Inactive) is { } found && Uri.TryCreate(found.Url, UriKind.Absolute, out var uri)
        // Connections say nothing of what goes over them; here it is HTTP/2 without TLS.
        ? uri.Scheme == "tcp" ? new UriBuilder(uri) { Scheme = "http" }.Uri : uri
        : null;

    private static string? Variable(ResourceView resource, string name) => resource.Environment.FirstOrDefault(variable => variable.Name == name)?.Value is { Length: > 0 } value ? value : null;
}
