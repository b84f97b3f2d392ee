using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace RouteGuide.Tests.Balancer.Health;

/// <summary>A name server on loopback, by UDP and TCP on the same port. A test says what it answers, octet by octet if it likes.</summary>
internal sealed class DnsServer : IAsyncDisposable
{
    private readonly Socket _udp = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly TcpListener _tcp;
    private readonly Task _serving;

    /// <param name="answer">Gets a question and whether it came by TCP; gives the messages to answer with.</param>
    public DnsServer(Func<byte[], bool, IEnumerable<byte[]>> answer)
    {
        while (true)
        {
            _tcp = new TcpListener(IPAddress.Loopback, 0);
            _tcp.Start();
            try
            {
                _udp.Bind(_tcp.LocalEndpoint);
                break;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // Free for TCP alone.
                _tcp.Dispose();
            }
        }

        _serving = Task.WhenAll(ServeUdp(answer), ServeTcp(answer));
    }

    public IPEndPoint Address => (IPEndPoint)_tcp.LocalEndpoint;

    /// <summary>A message that answers a question.</summary>
    /// <param name="question">As it came.</param>
    /// <param name="records">Each as of <see cref="Record"/>.</param>
    /// <param name="code">0 for success.</param>
    /// <param name="truncated">There is more by TCP.</param>
    public static byte[] Answer(byte[] question, IReadOnlyCollection<byte[]> records, int code = 0, bool truncated = false)
    {
        byte[] message = [.. question, .. records.SelectMany(r => r)];
        message[2] = (byte)(0x81 | (truncated ? 2 : 0));
        message[3] = (byte)(0x80 | code);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(6), (ushort)records.Count);
        return message;
    }

    /// <summary>A record of a name; null for the name that was asked for, as a pointer to it.</summary>
    public static byte[] Record(string? name, int type, byte[] data)
    {
        byte[] owner = name is null ? [0xc0, 12] : Name(name);
        byte[] head = [.. owner, 0, (byte)type, 0, 1, 0, 0, 0, 5, (byte)(data.Length >> 8), (byte)data.Length];
        return [.. head, .. data];
    }

    public static byte[] Name(string name) => [.. name.Split('.').SelectMany(l => (byte[])[(byte)l.Length, .. Encoding.ASCII.GetBytes(l)]), 0];

    /// <summary>The name and type of a question.</summary>
    public static (string Name, int Type) Asked(byte[] question)
    {
        var labels = new List<string>();
        var at = 12;
        for (; question[at] != 0; at += question[at] + 1) labels.Add(Encoding.ASCII.GetString(question, at + 1, question[at]));
        return (string.Join('.', labels), question[at + 2]);
    }

    public async ValueTask DisposeAsync()
    {
        _udp.Dispose();
        _tcp.Dispose();
        await _serving;
    }

    private async Task ServeUdp(Func<byte[], bool, IEnumerable<byte[]>> answer)
    {
        var datagram = new byte[4096];
        try
        {
            while (true)
            {
                var received = await _udp.ReceiveFromAsync(datagram, new IPEndPoint(IPAddress.Any, 0));
                foreach (var message in answer(datagram[..received.ReceivedBytes], false)) await _udp.SendToAsync(message, received.RemoteEndPoint);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeTcp(Func<byte[], bool, IEnumerable<byte[]>> answer)
    {
        try
        {
            while (true)
            {
                using var client = await _tcp.AcceptTcpClientAsync();
                var stream = client.GetStream();
                var length = new byte[2];
                await stream.ReadExactlyAsync(length);
                var question = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
                await stream.ReadExactlyAsync(question);
                foreach (var message in answer(question, true)) await stream.WriteAsync((byte[])[(byte)(message.Length >> 8), (byte)message.Length, .. message]);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException or IOException)
        {
            // The test is over.
        }
    }
}
