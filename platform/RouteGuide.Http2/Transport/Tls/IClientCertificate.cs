namespace RouteGuide.Http2.Transport.Tls;

/// <summary>A handshake that knows what certificate the client has shown.</summary>
internal interface IClientCertificate
{
    /// <summary>What targets are told of it; empty if it has shown none.</summary>
    IReadOnlyList<ClientCertificateField> Fields { get; }
}
