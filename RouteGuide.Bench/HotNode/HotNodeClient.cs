using System.Net.Sockets;
using System.Text;
using Grpc.Core;
using Grpc.Net.Client;

namespace RouteGuide.Bench.HotNode;

/// <summary>A client with one connection, as gRPC clients have.</summary>
internal sealed class HotNodeClient : IDisposable
{
    private const int AtOnce = 20;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    private static readonly Marshaller<string> Text = Marshallers.Create(static text => Encoding.UTF8.GetBytes(text), static octets => Encoding.UTF8.GetString(octets));
    private static readonly Method<string, string> WhoAreYou = new(MethodType.Unary, "hotnode.HotNode", "WhoAreYou", Text, Text);

    private readonly SocketsHttpHandler _handler;
    private readonly GrpcChannel _channel;
    private readonly CallInvoker _invoker;
    private int _connections;

    public HotNodeClient(Uri address)
    {
        _handler = new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (context, cancellation) =>
            {
                Interlocked.Increment(ref _connections);
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                try
                {
                    await socket.ConnectAsync(context.DnsEndPoint, cancellation);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        };
        _channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = _handler });
        _invoker = _channel.CreateCallInvoker();
    }

    /// <summary>Connections that it has made.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Calls so often, and tells who answered.</summary>
    /// <exception cref="BenchException">A call failed.</exception>
    public async Task<IReadOnlyList<string>> Call(int calls, CancellationToken cancellation)
    {
        var answers = new string[calls];
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, Math.Min(AtOnce, calls)).Select(async _ =>
        {
            for (var i = Interlocked.Increment(ref next); i < calls; i = Interlocked.Increment(ref next)) answers[i] = await Call(cancellation);
        }));
        return answers;
    }

    public void Dispose()
    {
        _channel.Dispose();
        _handler.Dispose();
    }

    private async Task<string> Call(CancellationToken cancellation)
    {
        try
        {
            return await _invoker.AsyncUnaryCall(WhoAreYou, null, new CallOptions(deadline: DateTime.UtcNow + Deadline, cancellationToken: cancellation), "");
        }
        catch (RpcException e)
        {
            cancellation.ThrowIfCancellationRequested();
            throw new BenchException($"a call failed: {e.StatusCode}: {e.Status.Detail}", e);
        }
    }
}
