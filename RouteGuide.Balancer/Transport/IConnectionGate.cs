using System.Net;

namespace RouteGuide.Balancer.Transport;

/// <summary>Says whether one more connection is taken. Any thread.</summary>
internal interface IConnectionGate
{
    /// <summary>Counts a connection in; each true is answered by one <see cref="Leave"/>.</summary>
    /// <param name="from">The peer's address.</param>
    bool TryEnter(IPAddress from);

    /// <summary>Counts a connection out.</summary>
    /// <param name="from">As it was counted in.</param>
    void Leave(IPAddress from);
}
