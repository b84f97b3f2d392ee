using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;
using RouteGuide.Client.Cli;

namespace RouteGuide.Client.Connection;

/// <summary>Makes channels: one connection for all calls of each, and the trust that the command line asks for.</summary>
internal sealed class ChannelFactory(ConnectionSettings settings)
{
    public Uri Address => settings.Address;

    /// <param name="mayConnectAgain">Whether a channel may open more connections when the first has as many calls as the server allows.</param>
    /// <exception cref="UsageException">The root certificates cannot be read.</exception>
    public GrpcChannel Create(bool mayConnectAgain = true)
    {
        var handler = new SocketsHttpHandler { EnableMultipleHttp2Connections = mayConnectAgain, ConnectTimeout = TimeSpan.FromSeconds(10) };
        if (settings.Insecure)
        {
#pragma warning disable CA5359 // That any certificate will do is what --insecure asks for, and it has been warned about.
            handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        else if (settings.Address.Scheme == Uri.UriSchemeHttps && settings.CaFile is { } file)
        {
            handler.SslOptions.CertificateChainPolicy = TrustOnly(file);
        }

        return GrpcChannel.ForAddress(settings.Address, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
    }

    private static X509ChainPolicy TrustOnly(FileInfo file)
    {
        // No revocation: a private root has no place to ask.
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        try
        {
            policy.CustomTrustStore.ImportFromPemFile(file.FullName);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new UsageException($"--ca: '{file}' cannot be read: {error.Message}", error);
        }

        return policy.CustomTrustStore.Count > 0 ? policy : throw new UsageException($"--ca: '{file}' holds no PEM certificate.");
    }
}
