using System.Net;

namespace Grpc.Net.Client.Internal.Balancing;

/// <summary>Makes sure that there are connections to servers.</summary>
internal interface ISubchannelTransport
{
    /// <summary>Connects, if there is no connection.</summary>
    /// <param name="endPoint">The server.</param>
    /// <param name="onLost">Called when there is no connection any more. Not on a thread that may wait, and not inside this call.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>What ends the interest in the server.</returns>
    Task<IDisposable> ConnectAsync(DnsEndPoint endPoint, Action onLost, CancellationToken cancellationToken);
}

/// <summary>For handlers that keep their connections to themselves: every server counts as connected, until a call says otherwise.</summary>
internal sealed class PassiveTransport : ISubchannelTransport, IDisposable
{
    public Task<IDisposable> ConnectAsync(DnsEndPoint endPoint, Action onLost, CancellationToken cancellationToken) => Task.FromResult<IDisposable>(this);

    public void Dispose()
    {
        // There is no interest to end.
    }
}
