namespace Grpc.Core;

/// <summary>How a channel's connections are secured, and optionally credentials for all its calls.</summary>
public abstract class ChannelCredentials
{
    /// <summary>Plaintext.</summary>
    public static ChannelCredentials Insecure { get; } = new InsecureCredentials();

    /// <summary>TLS with the system's trust.</summary>
    public static ChannelCredentials SecureSsl { get; } = new SslCredentials();

    /// <summary>Joins channel credentials with credentials for all calls.</summary>
    /// <param name="channelCredentials">For the connections.</param>
    /// <param name="callCredentials">For the calls.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static ChannelCredentials Create(ChannelCredentials channelCredentials, CallCredentials callCredentials) =>
        new CompositeChannelCredentials(channelCredentials, callCredentials);

    /// <summary>Tells a channel what these credentials are.</summary>
    /// <param name="configurator">The channel's side.</param>
    /// <param name="state">Handed back to the channel.</param>
    public abstract void InternalPopulateConfiguration(ChannelCredentialsConfiguratorBase configurator, object state);

    private sealed class InsecureCredentials : ChannelCredentials
    {
        public override void InternalPopulateConfiguration(ChannelCredentialsConfiguratorBase configurator, object state) =>
            configurator.SetInsecureCredentials(state);
    }

    private sealed class CompositeChannelCredentials : ChannelCredentials
    {
        private readonly ChannelCredentials _channelCredentials;
        private readonly CallCredentials _callCredentials;

        public CompositeChannelCredentials(ChannelCredentials channelCredentials, CallCredentials callCredentials)
        {
            ArgumentNullException.ThrowIfNull(channelCredentials);
            ArgumentNullException.ThrowIfNull(callCredentials);
            _channelCredentials = channelCredentials;
            _callCredentials = callCredentials;
        }

        public override void InternalPopulateConfiguration(ChannelCredentialsConfiguratorBase configurator, object state) =>
            configurator.SetCompositeCredentials(state, _channelCredentials, _callCredentials);
    }
}

/// <summary>A channel's side of <see cref="ChannelCredentials.InternalPopulateConfiguration"/>: one method for each kind of credentials.</summary>
public abstract class ChannelCredentialsConfiguratorBase
{
    /// <summary>The channel is plaintext.</summary>
    /// <param name="state">What the channel handed in.</param>
    public abstract void SetInsecureCredentials(object state);

    /// <summary>The channel uses TLS.</summary>
    /// <param name="state">What the channel handed in.</param>
    /// <param name="rootCertificates">Trusted roots as PEM; null for the system's.</param>
    /// <param name="keyCertificatePair">The client's certificate; null for none.</param>
    /// <param name="verifyPeerCallback">Decides about the server's certificate in addition; null for nothing more.</param>
    public abstract void SetSslCredentials(
        object state, string? rootCertificates, KeyCertificatePair? keyCertificatePair, VerifyPeerCallback? verifyPeerCallback);

    /// <summary>The channel has credentials for all its calls.</summary>
    /// <param name="state">What the channel handed in.</param>
    /// <param name="channelCredentials">For the connections.</param>
    /// <param name="callCredentials">For the calls.</param>
    public abstract void SetCompositeCredentials(object state, ChannelCredentials channelCredentials, CallCredentials callCredentials);
}
