using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Http1;

/// <summary>What came back: status, fields, and the body as it was framed.</summary>
internal sealed record Http1Response(int Status, IReadOnlyList<(string Name, string Value)> Fields, byte[] Body)
{
    public string Text => Encoding.Latin1.GetString(Body);

    /// <summary>All values of a field, in order.</summary>
    public string[] All(string name) => [.. Fields.Where(f => f.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(f => f.Value)];

    public string? Field(string name) => All(name) is [var only] ? only : null;
}

/// <summary>A client of HTTP/1.1 that sends what it is told, octet by octet, and reads strictly.</summary>
internal sealed class Http1Client : IAsyncDisposable
{
    private readonly Stream _stream;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _from;
    private int _to;

    private Http1Client(Socket socket, Stream stream)
    {
        Socket = socket;
        _stream = stream;
    }

    public Socket Socket { get; }

    public static async Task<Http1Client> Connect(Uri address, int receiveBuffer = 0)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (receiveBuffer > 0) socket.ReceiveBufferSize = receiveBuffer;
        await socket.ConnectAsync(IPAddress.Loopback, address.Port);
        Stream stream = new NetworkStream(socket, ownsSocket: true);
        if (address.Scheme == "https")
        {
            var tls = new SslStream(stream);
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                ApplicationProtocols = [SslApplicationProtocol.Http11],
                RemoteCertificateValidationCallback = TestCertificate.Trust,
            });
            stream = tls;
        }

        return new Http1Client(socket, stream);
    }

    public async Task Send(string text) => await Send(Encoding.Latin1.GetBytes(text));

    public async Task Send(ReadOnlyMemory<byte> octets)
    {
        await _stream.WriteAsync(octets);
        await _stream.FlushAsync();
    }

    /// <summary>Sends a request without a body and reads the response.</summary>
    public async Task<Http1Response> Get(string path, string method = "GET", string fields = "")
    {
        await Send($"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n");
        return await Read(method);
    }

    /// <summary>Reads one whole response.</summary>
    /// <exception cref="IOException">It is broken: the connection ended within it.</exception>
    public async Task<Http1Response> Read(string method = "GET")
    {
        var (status, fields) = await ReadHead();
        var response = new Http1Response(status, fields, []);
        if (method == "HEAD" || status is 204 or 304 or (>= 100 and < 200)) return response;
        if (response.Field("Transfer-Encoding") == "chunked") return response with { Body = await ReadChunks() };
        if (response.Field("Content-Length") is { } length) return response with { Body = await ReadExactly(int.Parse(length, CultureInfo.InvariantCulture)) };
        return response with { Body = await ReadToEnd() };
    }

    public async Task<(int Status, IReadOnlyList<(string Name, string Value)> Fields)> ReadHead()
    {
        var line = await ReadLine();
        Assert.StartsWith("HTTP/1.1 ", line, StringComparison.Ordinal);
        var fields = new List<(string, string)>();
        while (await ReadLine() is { Length: > 0 } field)
        {
            var colon = field.IndexOf(':', StringComparison.Ordinal);
            fields.Add((field[..colon], field[(colon + 1)..].Trim()));
        }

        return (int.Parse(line[9..12], CultureInfo.InvariantCulture), fields);
    }

    /// <summary>Reads a chunk of a chunked body; empty is the last.</summary>
    public async Task<byte[]> ReadChunk()
    {
        var chunk = await ReadExactly(int.Parse(await ReadLine(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
        Assert.Equal("", await ReadLine());
        return chunk;
    }

    public async Task<byte[]> ReadExactly(int count)
    {
        var octets = new byte[count];
        for (var i = 0; i < count;)
        {
            var step = await Take(octets.AsMemory(i));
            if (step == 0) throw new IOException($"the connection ended after {i} of {count} octets");
            i += step;
        }

        return octets;
    }

    /// <summary>Everything until the connection ends.</summary>
    public async Task<byte[]> ReadToEnd()
    {
        using var all = new MemoryStream();
        var piece = new byte[16 * 1024];
        while (await Take(piece) is > 0 and var count) all.Write(piece, 0, count);
        return all.ToArray();
    }

    /// <summary>Whether the connection has ended, in order or not, with nothing more on it.</summary>
    public async Task<bool> HasEnded()
    {
        try
        {
            return await Take(new byte[1]) == 0;
        }
        catch (IOException)
        {
            return true;
        }
    }

    /// <summary>Ends the connection at once, by a reset.</summary>
    public void Vanish()
    {
        Socket.LingerState = new LingerOption(enable: true, seconds: 0);
        Socket.Close();
    }

    public async ValueTask DisposeAsync() => await _stream.DisposeAsync();

    private async Task<byte[]> ReadChunks()
    {
        using var all = new MemoryStream();
        while (await ReadChunk() is { Length: > 0 } chunk) all.Write(chunk);
        return all.ToArray();
    }

    private async Task<string> ReadLine()
    {
        var line = new List<byte>();
        var octet = new byte[1];
        while (line is not [.., (byte)'\r', (byte)'\n'])
        {
            if (await Take(octet) == 0) throw new IOException("the connection ended within a line");
            line.Add(octet[0]);
        }

        return Encoding.Latin1.GetString([.. line], 0, line.Count - 2);
    }

    private async Task<int> Take(Memory<byte> into)
    {
        if (_from == _to)
        {
            _from = 0;
            _to = await _stream.ReadAsync(_buffer).AsTask().WaitAsync(Eventually.Patience);
        }

        var count = Math.Min(into.Length, _to - _from);
        _buffer.AsMemory(_from, count).CopyTo(into);
        _from += count;
        return count;
    }
}
