using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using RouteGuide.Balancer.Transport.ProxyProtocol;

namespace RouteGuide.Tests.Balancer.Tcp;

/// <summary>A client of HTTP whose connections begin with a PROXY header.</summary>
internal static class ProxiedClient
{
    /// <summary>Answers with what it is told of the client.</summary>
    public static Task TellForwardedFor(HttpContext context)
    {
        context.Response.Headers["seen"] = context.Request.Headers["x-forwarded-for"];
        return context.Response.WriteAsync("hello");
    }

    public static byte[] Version1(string source, string destination)
    {
        var (from, to) = (IPEndPoint.Parse(source), IPEndPoint.Parse(destination));
        return Encoding.ASCII.GetBytes($"PROXY {(from.AddressFamily == AddressFamily.InterNetwork ? "TCP4" : "TCP6")} {from.Address} {to.Address} {from.Port} {to.Port}\r\n");
    }

    public static byte[] Version2(string source, string destination)
    {
        var header = new byte[ProxyHeaderWriter.MaxLength];
        return header[..ProxyHeaderWriter.Write(header, IPEndPoint.Parse(source), IPEndPoint.Parse(destination))];
    }

    /// <summary>A client whose connections come from an address of this machine.</summary>
    public static HttpMessageInvoker From(IPAddress local, params byte[] header) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (context, cancellation) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            socket.Bind(new IPEndPoint(local, 0));
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, context.DnsEndPoint.Port), cancellation);
            await socket.SendAll(header);
            return new NetworkStream(socket, ownsSocket: true);
        },
        SslOptions = { RemoteCertificateValidationCallback = TestCertificate.Trust },
        UseProxy = false,
    });

    /// <summary>Whom the target was told of.</summary>
    public static async Task<string> Ask(HttpMessageInvoker client, Uri url, Version version)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(url, "/test.Service/Call")) { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new ByteArrayContent(new byte[5]) };
        using var response = await client.SendAsync(request, CancellationToken.None);
        await response.Content.ReadAsByteArrayAsync();
        return response.Headers.TryGetValues("seen", out var seen) ? string.Join(' ', seen) : $"{response.StatusCode}";
    }
}
