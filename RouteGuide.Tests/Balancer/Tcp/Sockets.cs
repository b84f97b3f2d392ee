using System.Net.Sockets;
using System.Text;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Tcp;

/// <summary>What tests do with plain connections.</summary>
internal static class Sockets
{
    public static async Task<Socket> Connect(Uri to)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(to.Host, to.Port);
        return socket;
    }

    public static async Task SendAll(this Socket socket, ReadOnlyMemory<byte> octets)
    {
        while (!octets.IsEmpty) octets = octets[await socket.SendAsync(octets)..];
    }

    public static Task Say(this Socket socket, string text) => socket.SendAll(Encoding.ASCII.GetBytes(text));

    /// <summary>The next octets are these.</summary>
    public static async Task Hears(this Socket socket, string text) => Assert.Equal(text, Encoding.ASCII.GetString(await socket.Receive(text.Length)));

    /// <summary>What comes until the end is this.</summary>
    public static async Task HearsLast(this Socket socket, string text) => Assert.Equal(text, Encoding.ASCII.GetString(await socket.ReceiveAll()));

    /// <summary>So many octets.</summary>
    public static async Task<byte[]> Receive(this Socket socket, int count)
    {
        var octets = new byte[count];
        for (var at = 0; at < count;)
        {
            var got = await socket.ReceiveAsync(octets.AsMemory(at)).AsTask().WaitAsync(Eventually.Patience);
            Assert.True(got > 0, $"it ended after {at} of {count} octets");
            at += got;
        }

        return octets;
    }

    /// <summary>All until the end.</summary>
    public static async Task<byte[]> ReceiveAll(this Socket socket)
    {
        using var all = new MemoryStream();
        var buffer = new byte[64 * 1024];
        int count;
        while ((count = await socket.ReceiveAsync(buffer).WaitAsync(Eventually.Patience)) > 0) all.Write(buffer, 0, count);
        return all.ToArray();
    }

    /// <summary>Breaks it off, with a reset.</summary>
    public static void Reset(this Socket socket)
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Close();
    }

    /// <summary>Waits for the peer's reset.</summary>
    public static async Task IsReset(this Socket socket)
    {
        var e = await Assert.ThrowsAsync<SocketException>(socket.ReceiveAll);
        Assert.Equal(SocketError.ConnectionReset, e.SocketErrorCode);
    }
}
