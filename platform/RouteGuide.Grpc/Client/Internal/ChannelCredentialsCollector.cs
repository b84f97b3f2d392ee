using Grpc.Core;

namespace Grpc.Net.Client.Internal;

/// <summary>Reads what channel credentials ask for.</summary>
internal sealed class ChannelCredentialsCollector : ChannelCredentialsConfiguratorBase
{
    /// <summary>Whether connections use TLS; null if the credentials do not say.</summary>
    public bool? IsSecure { get; private set; }

    /// <summary>The functions that make credentials for each call, in the order in which they run.</summary>
    public List<AsyncAuthInterceptor> CallCredentials { get; } = [];

    public override void SetInsecureCredentials(object state) => IsSecure = false;

    public override void SetSslCredentials(
        object state, string? rootCertificates, KeyCertificatePair? keyCertificatePair, VerifyPeerCallback? verifyPeerCallback)
    {
        if (rootCertificates is not null || keyCertificatePair is not null || verifyPeerCallback is not null)
        {
            throw new InvalidOperationException(
                $"{nameof(SslCredentials)} with arguments is not supported here: give roots, client certificates and checks to the HTTP handler of the channel.");
        }

        IsSecure = true;
    }

    public override void SetCompositeCredentials(object state, ChannelCredentials channelCredentials, CallCredentials callCredentials)
    {
        channelCredentials.InternalPopulateConfiguration(this, state);
        if (IsSecure != true)
        {
            throw new InvalidOperationException(
                "Call credentials cannot be composed with insecure channel credentials: they would travel in plaintext. Use SslCredentials.");
        }

        CallCredentials.AddRange(CallCredentialsCollector.Collect(callCredentials));
    }
}
