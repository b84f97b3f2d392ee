using Microsoft.Extensions.Configuration;

namespace RouteGuide.ServiceDefaults;

/// <summary>Sends requests that name a service to one of its addresses, in turn; others go where they say.</summary>
internal sealed class ServiceDiscoveryHandler(IConfiguration configuration) : DelegatingHandler
{
    private int _turn = Random.Shared.Next();

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.RequestUri is not { IsAbsoluteUri: true } asked) return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        var found = ServiceEndpoints.Resolve(configuration, asked);

        // The error names the address as it was written, which the socket's own would not.
        if (found.Count == 0 && asked.Scheme is not ("http" or "https"))
        {
            throw new HttpRequestException(
                HttpRequestError.NameResolutionError, $"The address '{asked.OriginalString}' names a service that the configuration does not know.");
        }

        if (found.Count == 0) return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        request.RequestUri = found[(int)((uint)Interlocked.Increment(ref _turn) % (uint)found.Count)];
        try
        {
            return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // Whoever sends it again, a retry for example, means the service and not this one address.
            request.RequestUri = asked;
        }
    }
}
