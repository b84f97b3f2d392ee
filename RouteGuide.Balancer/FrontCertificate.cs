using System.Security.Cryptography.X509Certificates;
using RouteGuide.Balancer.Transport.Tls;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Balancer;

/// <summary>
/// The certificates that clients see. The one for everybody stands where Kestrel's own configuration has it; without any, the development
/// certificate of the machine is taken. What is wrong with a file is told by its setting and name.
/// </summary>
internal static class FrontCertificate
{
    // The extension that marks the development certificates of ASP.NET Core.
    private const string DevelopmentOid = "1.3.6.1.4.1.311.84.1.1";

    /// <summary>What TLS on the fronts needs.</summary>
    /// <param name="settings">Where the certificates are.</param>
    /// <param name="listener">For the error that there is none.</param>
    /// <param name="time">To tell what has expired.</param>
    /// <exception cref="ConfigurationException">There is no certificate, or one cannot be used.</exception>
    public static TlsFront Load(TlsSettings settings, ListenerSettings listener, TimeProvider time)
    {
        var sources = new List<FrontCertificateSource>();
        if (settings.Default is { } files) sources.Add(new FrontCertificateSource(files.Load(time), []));
        sources.AddRange(settings.Named.Select(n => new FrontCertificateSource(n.Files.Load(time), n.Hosts)));
        if (sources.Count == 0)
        {
            var development = Development() ?? throw new ConfigurationException($"{TlsSettings.DefaultKey}: no certificate is configured for {listener}; set Path and KeyPath to a certificate and its key.");
            sources.Add(new FrontCertificateSource(new ReloadedFiles<LoadedCertificate>(development), []));
        }

        var clients = settings.ClientMode == ClientCertificateMode.Off ? null
            : new ClientCertificates(settings.ClientMode, settings.ClientTrust is { } trust ? TrustStore.Load(trust) : null, settings.IgnoreClientExpiry);
        return new TlsFront(sources, clients);
    }

    private static LoadedCertificate? Development()
    {
        using var store = new X509Store(StoreName.My, StoreLocation.CurrentUser);
        store.Open(OpenFlags.ReadOnly);
        var now = DateTime.Now;
        var best = store.Certificates
            .Where(c => c.HasPrivateKey && c.NotBefore <= now && now <= c.NotAfter && c.Extensions.Any(e => e.Oid?.Value == DevelopmentOid))
            .MaxBy(c => c.NotAfter);
        return best is null ? null : new LoadedCertificate(best, null);
    }
}
