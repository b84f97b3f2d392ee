using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using RouteGuide.Http2.Frames;
using RouteGuide.Tests.Support;
using Frames = RouteGuide.Tests.Balancer.Http2.Wire;

namespace RouteGuide.Tests.Balancer.Abuse;

/// <summary>A hostile client: octets as they are, sent as fast as they are taken. Of what comes back only the end and the resets are kept.</summary>
internal sealed class Attacker : IAsyncDisposable
{
    private readonly Socket _socket;
    private readonly Task _reading;
    private int _goAway = -1;
    private int _resets;

    private Attacker(Socket socket, bool reads)
    {
        _socket = socket;
        _reading = reads ? Read() : new TaskCompletionSource().Task;
    }

    /// <summary>The code of the last GOAWAY; -1 if none came.</summary>
    public int GoAwayCode => Volatile.Read(ref _goAway);

    /// <summary>Streams that the balancer has reset.</summary>
    public int Resets => Volatile.Read(ref _resets);

    /// <summary>The balancer has ended the connection.</summary>
    public bool IsOver => _reading.IsCompleted;

    /// <summary>Connects, and says nothing.</summary>
    /// <param name="front">Where to; TLS is not spoken.</param>
    /// <param name="reads">Reads what comes.</param>
    public static async Task<Attacker> Connect(Uri front, bool reads = true)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (!reads) socket.ReceiveBufferSize = 4096;
        await socket.ConnectAsync(IPAddress.Loopback, front.Port);
        return new Attacker(socket, reads);
    }

    /// <summary>Connects and begins as a client does.</summary>
    public static async Task<Attacker> Begin(Uri front, bool reads = true, params (SettingId, uint)[] settings)
    {
        var attacker = await Connect(front, reads);
        await attacker.Send([.. Frames.Preface, .. Frames.Settings(settings), .. Frames.SettingsAck]);
        return attacker;
    }

    /// <summary>The block of a gRPC request.</summary>
    public static byte[] Request(string method = "Hang", params (string, string)[] more) => RawHttp2Hpack.Encode(RawHttp2Connection.GrpcRequest($"/test.Service/{method}", more));

    /// <returns>False if the connection is over.</returns>
    public async Task<bool> Send(byte[] octets)
    {
        using var patience = new CancellationTokenSource(Eventually.Patience);
        try
        {
            for (var sent = 0; sent < octets.Length;) sent += await _socket.SendAsync(octets.AsMemory(sent), patience.Token);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Sends something again and again until the balancer has enough of it, or so many octets are sent.</summary>
    /// <returns>Octets sent.</returns>
    public async Task<long> Flood(byte[] octets, long most)
    {
        byte[] many = [.. Enumerable.Repeat(octets, Math.Max(1, 64 * 1024 / octets.Length)).SelectMany(o => o)];
        var sent = 0L;
        while (sent < most && !IsOver && await Send(many)) sent += many.Length;
        return sent;
    }

    /// <summary>Waits until the balancer has ended the connection.</summary>
    public Task Over() => Eventually.Until(() => IsOver, "the balancer ends the connection");

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        if (_reading.IsCompleted) await _reading;
    }

    private async Task Read()
    {
        var buffer = new byte[64 * 1024];
        var have = 0;
        try
        {
            while (await _socket.ReceiveAsync(buffer.AsMemory(have)) is > 0 and var count)
            {
                have += count;
                var at = 0;
                while (have - at >= 9 && Length(at) is var length && have - at >= 9 + length)
                {
                    if (buffer[at + 3] == 7) Volatile.Write(ref _goAway, BinaryPrimitives.ReadInt32BigEndian(buffer.AsSpan(at + 13)));
                    if (buffer[at + 3] == 3) Interlocked.Increment(ref _resets);
                    at += 9 + length;
                }

                buffer.AsSpan(at, have - at).CopyTo(buffer);
                have -= at;
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The end is what counts, whichever way it came.
        }

        int Length(int at) => buffer[at] << 16 | buffer[at + 1] << 8 | buffer[at + 2];
    }
}
