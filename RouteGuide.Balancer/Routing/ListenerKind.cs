namespace RouteGuide.Balancer.Routing;

/// <summary>What a connection was accepted for.</summary>
internal enum ListenerKind
{
    /// <summary>Clients: everything but the health page is relayed to the targets.</summary>
    Front,

    /// <summary>Replicas: the registry, and nothing else.</summary>
    Registry,

    /// <summary>People and their tools on this machine: the status page and the metrics.</summary>
    Admin,
}
