using System.Net;
using System.Net.Sockets;
using Frames = RouteGuide.Tests.Balancer.Http2.Wire;

namespace RouteGuide.Tests.Balancer.Abuse;

/// <summary>A target that says what a test gives it, whatever it is asked, as often as it is connected to.</summary>
internal sealed class HostileTarget : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _accepting;
    private int _connections;
    private long _said;

    private HostileTarget(byte[] greeting, byte[] once, byte[] then, bool reads)
    {
        _listener.Start();
        _accepting = Accept(greeting, once, then, reads);
    }

    public Uri Url => new($"http://{_listener.LocalEndpoint}");

    /// <summary>How often it was connected to.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Octets that the balancer has taken of it.</summary>
    public long Said => Interlocked.Read(ref _said);

    /// <param name="once">Said when the first request is there; stream 1 is its.</param>
    /// <param name="then">Said after that, again and again, up to 100 MiB.</param>
    /// <param name="greeting">Said at once; null for SETTINGS and the acknowledgement of the balancer's.</param>
    /// <param name="reads">Reads on after the first request.</param>
    public static HostileTarget Start(byte[] once, byte[]? then = null, byte[]? greeting = null, bool reads = true) =>
        new(greeting ?? [.. Frames.Settings(), .. Frames.SettingsAck], once, then ?? [], reads);

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _ending.Dispose();
    }

    private async Task Accept(byte[] greeting, byte[] once, byte[] then, bool reads)
    {
        var serving = new List<Task>();
        while (true)
        {
            try
            {
                var socket = await _listener.AcceptSocketAsync(_ending.Token);
                Interlocked.Increment(ref _connections);
                serving.Add(Serve(socket, greeting, once, then, reads));
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                await Task.WhenAll(serving);
                return;
            }
        }
    }

    private async Task Serve(Socket socket, byte[] greeting, byte[] once, byte[] then, bool reads)
    {
        using var _ = socket;
        try
        {
            await Say(socket, greeting);
            await HasRequest(socket);
            var reading = reads ? Drain(socket) : Task.CompletedTask;
            await Say(socket, once);
            byte[] many = then.Length == 0 ? [] : [.. Enumerable.Repeat(then, Math.Max(1, 64 * 1024 / then.Length)).SelectMany(t => t)];
            for (var said = 0L; many.Length > 0 && said < 100 * 1024 * 1024; said += many.Length) await Say(socket, many);
            await reading;
            if (!reads) await Task.Delay(Timeout.InfiniteTimeSpan, _ending.Token);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The balancer has had enough, or the test.
        }
    }

    private async Task Say(Socket socket, byte[] octets)
    {
        for (var at = 0; at < octets.Length;)
        {
            var sent = await socket.SendAsync(octets.AsMemory(at), _ending.Token);
            at += sent;
            Interlocked.Add(ref _said, sent);
        }
    }

    // HEADERS come behind the preface, SETTINGS and whatever else a connection begins with.
    private async Task HasRequest(Socket socket)
    {
        var received = new List<byte>();
        var buffer = new byte[4096];
        while (true)
        {
            var count = await socket.ReceiveAsync(buffer, _ending.Token);
            if (count == 0) throw new SocketException((int)SocketError.ConnectionReset);
            received.AddRange(buffer.AsSpan(0, count));
            for (var at = Frames.Preface.Length; at + 9 <= received.Count; at += 9 + (received[at] << 16 | received[at + 1] << 8 | received[at + 2]))
            {
                if (received[at + 3] == 1) return;
            }
        }
    }

    private async Task Drain(Socket socket)
    {
        var buffer = new byte[16 * 1024];
        while (await socket.ReceiveAsync(buffer, _ending.Token) > 0)
        {
        }
    }
}
