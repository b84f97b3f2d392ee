using System.Net;
using System.Net.Sockets;
using System.Text;

namespace SampleHost;

/// <summary>A child that answers HTTP on the port in PORT: 200 to /health, else 404; the body is its process id.</summary>
internal static class Server
{
    public static int Serve()
    {
        var listener = new TcpListener(IPAddress.Loopback, int.Parse(Environment.GetEnvironmentVariable("PORT")!));
        listener.Start();
        while (true)
        {
            using var client = listener.AcceptTcpClient();
            using var reader = new StreamReader(client.GetStream());
            var request = reader.ReadLine() ?? "";
            while (reader.ReadLine() is { Length: > 0 })
            {
                // The header fields do not matter here.
            }

            var status = request.StartsWith("GET /health ", StringComparison.Ordinal) ? "200 OK" : "404 Not Found";
            var body = $"{Environment.ProcessId}";
            client.GetStream().Write(Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}"));
        }
    }
}
