using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;
using Grpc.Testing;
using RouteGuide.Interop.Cli;
using Xds.Service.Orca.V3;

namespace RouteGuide.Interop.Client;

/// <summary>A channel to the server of the command line, with the clients that the cases use.</summary>
internal sealed class ClientChannel : IDisposable
{
    private readonly GrpcChannel _channel;
    private ResponseWatch? _watch;

    /// <exception cref="UsageException">The roots cannot be read.</exception>
    public ClientChannel(ClientSettings settings)
    {
        _channel = GrpcChannel.ForAddress(settings.Address, NeedsHandler(settings) ? WithHandler(settings) : new GrpcChannelOptions());
        Test = new TestService.TestServiceClient(_channel);
        Loads = new OpenRcaService.OpenRcaServiceClient(_channel);
        Unimplemented = new UnimplementedService.UnimplementedServiceClient(_channel);
    }

    public TestService.TestServiceClient Test { get; }

    public OpenRcaService.OpenRcaServiceClient Loads { get; }

    public UnimplementedService.UnimplementedServiceClient Unimplemented { get; }

    /// <summary>What can be seen of responses below the channel; for the cases that ask for it.</summary>
    public ResponseWatch Watch => _watch ?? throw new InvalidOperationException("This case does not look at responses.");

    public void Dispose() => _channel.Dispose();

    // All else goes by the transport that a channel has of its own.
    private static bool NeedsHandler(ClientSettings settings) =>
        settings.CaFile is not null || settings.HostOverride is not null || TestCases.LooksAtResponses(settings.Case);

    private GrpcChannelOptions WithHandler(ClientSettings settings)
    {
        var sockets = new SocketsHttpHandler { EnableMultipleHttp2Connections = true };
        if (settings.CaFile is { } file) sockets.SslOptions.CertificateChainPolicy = TrustOnly(file);
        _watch = new ResponseWatch(settings.HostOverride, sockets);
        return new GrpcChannelOptions { HttpHandler = _watch, DisposeHttpClient = true };
    }

    private static X509ChainPolicy TrustOnly(string file)
    {
        // No revocation: a test root has no place to ask.
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        try
        {
            policy.CustomTrustStore.ImportFromPemFile(file);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new UsageException($"--ca_file: '{file}' cannot be read: {problem.Message}", problem);
        }

        return policy.CustomTrustStore.Count > 0 ? policy : throw new UsageException($"--ca_file: '{file}' holds no PEM certificate.");
    }
}
