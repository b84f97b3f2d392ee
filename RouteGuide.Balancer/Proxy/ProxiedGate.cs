using System.Net;
using RouteGuide.Balancer.Transport;

namespace RouteGuide.Balancer.Proxy;

/// <summary>
/// Counts connections that a proxy passes on: when they are accepted only in all, as all come from the proxy; per address once the client is
/// known. Whoever is not a trusted proxy is closed at once.
/// </summary>
internal sealed class ProxiedGate(ConnectionGate gate, FrontListener listener) : IConnectionGate
{
    public bool TryEnter(IPAddress from)
    {
        foreach (var range in listener.ProxyProtocol.Trusted)
        {
            if (range.Contains(from)) return gate.TryEnter();
        }

        return false;
    }

    public void Leave(IPAddress from) => gate.Leave();
}
