using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Aspire.Hosting.Execution;

/// <summary>
/// Chooses ports that are free. Nobody can reserve a port for another process, so a port may be taken between the choice and its use;
/// these come from below the ranges that systems take ports for outgoing connections from, where that is rare, and who uses them notices.
/// </summary>
internal sealed class PortPicker
{
    private const int First = 20_000;
    private const int Count = 12_000;
    private const int Attempts = 2_000;

    private readonly ConcurrentDictionary<int, bool> _given = new();

    /// <summary>A port that is free now and was not given to anybody else here.</summary>
    /// <exception cref="DistributedApplicationException">There is none.</exception>
    public int Pick()
    {
        for (var i = 0; i < Attempts; i++)
        {
            var port = First + Random.Shared.Next(Count);
            if (_given.TryAdd(port, true))
            {
                if (Probe(port) == SocketError.Success) return port;
                _given.TryRemove(port, out _);
            }
        }

        throw new DistributedApplicationException($"No free port was found from {First} to {First + Count - 1}.");
    }

    /// <summary>Lets a port be given again.</summary>
    public void Return(int port) => _given.TryRemove(port, out _);

    /// <summary>Whether nobody listens on a port of this machine's own addresses.</summary>
    public static bool IsFree(int port) => Probe(port) != SocketError.AddressAlreadyInUse;

    /// <summary>Listens on a port of 127.0.0.1 and, where there is one, of ::1.</summary>
    /// <exception cref="SocketException">The port is in use on one of them.</exception>
    public static IReadOnlyList<Socket> Listen(int port)
    {
        var sockets = new List<Socket>(2);
        try
        {
            foreach (var address in new[] { IPAddress.Loopback, IPAddress.IPv6Loopback })
            {
                if (address.AddressFamily == AddressFamily.InterNetworkV6 && !Socket.OSSupportsIPv6) continue;
                var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                sockets.Add(socket);
                try
                {
                    socket.Bind(new IPEndPoint(address, port));
                    socket.Listen(512);
                }
                catch (SocketException none) when (none.SocketErrorCode is SocketError.AddressNotAvailable && address.AddressFamily == AddressFamily.InterNetworkV6)
                {
                    // The system knows IPv6 and this machine has no address of it, as in many containers.
                    sockets.Remove(socket);
                    socket.Dispose();
                }
            }
        }
        catch
        {
            foreach (var socket in sockets) socket.Dispose();
            throw;
        }

        return sockets;
    }

    private static SocketError Probe(int port)
    {
        try
        {
            foreach (var socket in Listen(port)) socket.Dispose();
            return SocketError.Success;
        }
        catch (SocketException fault)
        {
            return fault.SocketErrorCode;
        }
    }
}
