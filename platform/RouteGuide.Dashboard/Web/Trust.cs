using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Dashboard.Web;

/// <summary>Connections to the parts of the system, whose certificates an authority of this machine's own has signed.</summary>
internal static class Trust
{
    /// <summary>A handler with one connection for all calls, as gRPC wants it.</summary>
    /// <param name="authority">A PEM file with the roots to trust; null for the roots of the machine.</param>
    /// <exception cref="ConfigurationException">The file cannot be read.</exception>
    public static SocketsHttpHandler Handler(string? authority)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(5),
            EnableMultipleHttp2Connections = false,
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            // Nobody records the dashboard's own requests. A traceparent of theirs would say so, and those who are called would not record the call either.
            ActivityHeadersPropagator = DistributedContextPropagator.CreateNoOutputPropagator(),
        };
        if (authority is not null) handler.SslOptions.CertificateChainPolicy = Only(authority);
        return handler;
    }

    private static X509ChainPolicy Only(string file)
    {
        // No revocation: a private root has no place to ask.
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        try
        {
            policy.CustomTrustStore.ImportFromPemFile(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new ConfigurationException($"ROUTEGUIDE_CA: '{file}' cannot be read: {error.Message}", error);
        }

        return policy.CustomTrustStore.Count > 0 ? policy : throw new ConfigurationException("ROUTEGUIDE_CA", file, "a file with PEM certificates");
    }
}
