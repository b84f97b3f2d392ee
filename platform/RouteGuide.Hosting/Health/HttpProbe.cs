using System.Net;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Certificates;

namespace Aspire.Hosting.Health;

/// <summary>Asks a replica by HTTP/1.1 on its own port, past the proxy. Over TLS it trusts the system's roots and the development CA.</summary>
internal sealed class HttpProbe : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private readonly HttpClient _client;

    public HttpProbe(DevelopmentCertificates certificates)
    {
        var handler = DevelopmentTrust.CreateHandler(certificates);
        handler.ConnectTimeout = Timeout;

        // A probe must notice that a port has gone to another process.
        handler.PooledConnectionLifetime = TimeSpan.Zero;
        _client = new HttpClient(handler) { Timeout = Timeout, DefaultRequestVersion = HttpVersion.Version11 };
    }

    /// <summary>Asks once.</summary>
    /// <returns>Null if the answer was as it should be, else what was wrong.</returns>
    public async Task<string?> AskAsync(HttpHealthCheckAnnotation check, IResource resource, IReadOnlyDictionary<string, int> targetPorts, CancellationToken cancellationToken)
    {
        var url = new Uri(check.Address(resource, targetPorts) + check.Path);
        try
        {
            using var response = await _client.GetAsync(url, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            return (int)response.StatusCode == check.StatusCode ? null : $"{url} answered {(int)response.StatusCode}, not {check.StatusCode}.";
        }
        catch (HttpRequestException fault)
        {
            return $"{url}: {fault.Message}";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"{url} did not answer within {Timeout.TotalSeconds:0} s.";
        }
    }

    public void Dispose() => _client.Dispose();
}
