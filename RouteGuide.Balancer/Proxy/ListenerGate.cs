using System.Net;
using RouteGuide.Balancer.Transport;

namespace RouteGuide.Balancer.Proxy;

/// <summary>Who may connect to a listener, before he counts for the limits of all: whoever is denied is closed at once, ahead of TLS.</summary>
internal sealed class ListenerGate(ProxyListener listener, IConnectionGate all) : IConnectionGate
{
    public bool TryEnter(IPAddress from) => listener.Admits(from) && all.TryEnter(from);

    public void Leave(IPAddress from) => all.Leave(from);
}
