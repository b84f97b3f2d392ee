using System.Net;
using System.Net.Sockets;

namespace RouteGuide.Tests.Support;

/// <summary>A port of the loopback address at which nobody answers, and which nobody else can get: bound, and not listening until a test says so.</summary>
internal sealed class ReservedPort : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public ReservedPort() => _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));

    public int Number => ((IPEndPoint)_socket.LocalEndPoint!).Port;

    /// <summary>The socket, for a server that takes a bound one. It stays ours.</summary>
    public nint Handle => _socket.Handle;

    /// <summary>From now on connections are made. Nobody reads from them.</summary>
    public void Listen() => _socket.Listen();

    public void Dispose() => _socket.Dispose();
}
