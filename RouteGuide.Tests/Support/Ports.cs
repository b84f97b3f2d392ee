using System.Net;
using System.Net.Sockets;

namespace RouteGuide.Tests.Support;

/// <summary>Ports for programs that cannot choose one themselves.</summary>
internal static class Ports
{
    /// <summary>A port that was free just now. Another process may take it first, so where port 0 can be given, that is better.</summary>
    public static int Free()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
