namespace RouteGuide.Balancer.Transport.Tls;

/// <summary>What is done about the certificates of clients.</summary>
internal enum ClientCertificateMode
{
    /// <summary>None is asked for.</summary>
    Off,

    /// <summary>One is asked for; what a client shows goes to the targets as it is, unchecked. A client without one is welcome.</summary>
    Passthrough,

    /// <summary>Only clients with a certificate that the trust store vouches for are let in.</summary>
    Verify,
}
