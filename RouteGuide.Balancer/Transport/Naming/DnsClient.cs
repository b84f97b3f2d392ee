using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace RouteGuide.Balancer.Transport.Naming;

/// <summary>
/// Asks name servers: by UDP, and by TCP where the answer does not fit into a datagram. It holds nothing between two questions. The
/// framework's own resolver knows no SRV records.
/// </summary>
/// <param name="servers">Are asked for each question, as their list may change.</param>
/// <param name="time">For timeouts.</param>
internal sealed class DnsClient(Func<DnsServers> servers, TimeProvider time)
{
    private const int MaxDatagram = 4096;
    private const int MaxAliases = 8;
    private const int NoSuchName = 3;

    /// <summary>The records of a type that a name has.</summary>
    /// <exception cref="DnsException">No server knew an answer.</exception>
    public async Task<DnsAnswer> Resolve(string name, DnsType type, CancellationToken cancellation)
    {
        var asked = servers();
        if (asked.Servers.Count == 0) throw new DnsException("there is no name server to ask");
        foreach (var full in asked.NamesOf(name))
        {
            var response = await Ask(asked, full, type, cancellation).ConfigureAwait(false);
            var found = Follow(response.Records, full.TrimEnd('.').ToLowerInvariant(), type);
            if (found.Count > 0) return new DnsAnswer(found, response.Records);
        }

        return new DnsAnswer([], []);
    }

    // An alias's own records stand in the same answer.
    private static List<DnsRecord> Follow(IReadOnlyList<DnsRecord> records, string name, DnsType type)
    {
        for (var i = 0; i <= MaxAliases; i++)
        {
            List<DnsRecord> found = [.. records.Where(r => r.Owner == name && r.Type == type)];
            if (found.Count > 0 || records.FirstOrDefault(r => r.Owner == name && r.Type == DnsType.Cname) is not { } alias) return found;
            name = alias.Name;
        }

        return [];
    }

    private async Task<DnsResponse> Ask(DnsServers asked, string name, DnsType type, CancellationToken cancellation)
    {
        var why = "";
        for (var attempt = 0; attempt < asked.Attempts; attempt++)
        {
            foreach (var server in asked.Servers)
            {
                var question = DnsMessage.Question((ushort)RandomNumberGenerator.GetInt32(ushort.MaxValue + 1), name, type);
                using var limit = new CancellationTokenSource(asked.Timeout, time);
                using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
                try
                {
                    var response = await AskByUdp(server, question, both.Token).ConfigureAwait(false);
                    if (response.IsTruncated) response = await AskByTcp(server, question, both.Token).ConfigureAwait(false);
                    if (response.Code is 0 or NoSuchName) return response;
                    why = $"{server} answered with code {response.Code}";
                }
                catch (Exception e) when (e is SocketException or IOException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
                {
                    why = e is OperationCanceledException ? $"{server} did not answer within {asked.Timeout.TotalSeconds} s" : $"{server}: {e.Message}";
                }
            }
        }

        throw new DnsException(why);
    }

    private static async Task<DnsResponse> AskByUdp(IPEndPoint server, byte[] question, CancellationToken cancellation)
    {
        using var socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        // Connected, it takes datagrams of this server alone, and hears of a port where nobody listens.
        await socket.ConnectAsync(server, cancellation).ConfigureAwait(false);
        await socket.SendAsync(question, cancellation).ConfigureAwait(false);
        var datagram = new byte[MaxDatagram];
        while (true)
        {
            var count = await socket.ReceiveAsync(datagram, cancellation).ConfigureAwait(false);
            // What is no answer to this question may be a late one to another, or a forgery; the true one may still come.
            if (DnsMessage.TryReadAnswer(datagram.AsSpan(0, count), question, out var response)) return response;
        }
    }

    private static async Task<DnsResponse> AskByTcp(IPEndPoint server, byte[] question, CancellationToken cancellation)
    {
        using var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server, cancellation).ConfigureAwait(false);
        await using var stream = new NetworkStream(socket);
        var sent = new byte[question.Length + 2];
        BinaryPrimitives.WriteUInt16BigEndian(sent, (ushort)question.Length);
        question.CopyTo(sent, 2);
        await stream.WriteAsync(sent, cancellation).ConfigureAwait(false);
        var length = new byte[2];
        await stream.ReadExactlyAsync(length, cancellation).ConfigureAwait(false);
        var message = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
        await stream.ReadExactlyAsync(message, cancellation).ConfigureAwait(false);
        return DnsMessage.TryReadAnswer(message, question, out var response) && !response.IsTruncated ? response : throw new IOException("the answer over TCP is none");
    }
}
