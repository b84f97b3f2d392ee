using System.Collections.Concurrent;
using System.Net.Security;
using Grpc.Core;
using Grpc.Net.Client;

namespace RouteGuide.Bench.Soak;

/// <summary>Callers that do what callers do: all four kinds of calls, of which some are cancelled, run into deadlines or are reset, and reconnect now and then.</summary>
/// <param name="address">The balancer's.</param>
/// <param name="seed">Of the callers' choices.</param>
internal sealed class SoakLoad(Uri address, int seed)
{
    private const int CallsPerChannel = 2_000;
    private const int MaxErrorsKept = 10;

    private static readonly Marshaller<byte[]> Raw = Marshallers.Create(static octets => octets, static octets => octets);
    private static readonly Method<byte[], byte[]> UnaryMethod = Of(MethodType.Unary, "Unary");
    private static readonly Method<byte[], byte[]> ServerMethod = Of(MethodType.ServerStreaming, "ServerStreaming");
    private static readonly Method<byte[], byte[]> ClientMethod = Of(MethodType.ClientStreaming, "ClientStreaming");
    private static readonly Method<byte[], byte[]> DuplexMethod = Of(MethodType.DuplexStreaming, "Duplex");
    private static readonly Method<byte[], byte[]> SilentMethod = Of(MethodType.Unary, "Silent");
    private static readonly Method<byte[], byte[]> ResetMethod = Of(MethodType.Unary, "Reset");

    private readonly ConcurrentQueue<string> _errors = [];
    private long _calls;
    private long _unexpected;

    /// <summary>Calls that have ended.</summary>
    public long Calls => Interlocked.Read(ref _calls);

    /// <summary>Calls that ended otherwise than they should.</summary>
    public long Unexpected => Interlocked.Read(ref _unexpected);

    /// <summary>The first of those, in words.</summary>
    public IReadOnlyList<string> Errors => [.. _errors];

    /// <summary>Runs so many callers until it is cancelled.</summary>
    public Task Run(int callers, CancellationToken cancellation) =>
        Task.WhenAll(Enumerable.Range(0, callers).Select(i => Task.Run(() => Call(new Random(seed + i), cancellation), CancellationToken.None)));

    private static Method<byte[], byte[]> Of(MethodType type, string name) => new(type, "soak.Soak", name, Raw, Raw);

    private async Task Call(Random random, CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            using var handler = new SocketsHttpHandler { UseProxy = false };
            // The certificate was made for this run, a moment ago.
            handler.SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is not null };
            using var channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = handler });
            var invoker = channel.CreateCallInvoker();
            for (var i = random.Next(CallsPerChannel); i >= 0 && !cancellation.IsCancellationRequested; i--) await One(invoker, random);
            // Every other channel goes with a call under way.
            if (random.Next(2) == 0) _ = Abandon(invoker);
        }
    }

    private static async Task Abandon(CallInvoker invoker)
    {
        try
        {
            await invoker.AsyncUnaryCall(SilentMethod, null, default, []);
        }
        catch (Exception e) when (e is RpcException or ObjectDisposedException or OperationCanceledException)
        {
            // What was wanted: the connection went, and the call with it.
        }
    }

    private async Task One(CallInvoker invoker, Random random)
    {
        var dice = random.Next(100);
        try
        {
            switch (dice)
            {
                case < 60: Require((await invoker.AsyncUnaryCall(UnaryMethod, null, default, new byte[random.Next(2_000)])).Length, 100); break;
                case < 72: await ReadAll(invoker); break;
                case < 80: await WriteAll(invoker, random.Next(1, 30)); break;
                case < 88: await Talk(invoker, random.Next(1, 10)); break;
                case < 93: await Cancel(invoker); break;
                case < 97: await Expect(invoker, SilentMethod, new CallOptions(deadline: DateTime.UtcNow.AddMilliseconds(30)), StatusCode.DeadlineExceeded); break;
                default: await Expect(invoker, ResetMethod, default, null); break;
            }
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException or IOException or HttpRequestException)
        {
            Interlocked.Increment(ref _unexpected);
            if (_errors.Count < MaxErrorsKept) _errors.Enqueue($"choice {dice}: {e.Message}");
        }

        Interlocked.Increment(ref _calls);
    }

    private static async Task ReadAll(CallInvoker invoker)
    {
        using var call = invoker.AsyncServerStreamingCall(ServerMethod, null, default, []);
        var count = 0;
        while (await call.ResponseStream.MoveNext(CancellationToken.None)) count++;
        Require(count, SoakTargets.Messages);
    }

    private static async Task WriteAll(CallInvoker invoker, int count)
    {
        using var call = invoker.AsyncClientStreamingCall(ClientMethod, null, default);
        for (var i = 0; i < count; i++) await call.RequestStream.WriteAsync(new byte[500]);
        await call.RequestStream.CompleteAsync();
        Require((await call.ResponseAsync).Length, 100);
    }

    private static async Task Talk(CallInvoker invoker, int count)
    {
        using var call = invoker.AsyncDuplexStreamingCall(DuplexMethod, null, default);
        for (var i = 1; i <= count; i++)
        {
            await call.RequestStream.WriteAsync(new byte[i * 10]);
            if (!await call.ResponseStream.MoveNext(CancellationToken.None)) throw new InvalidOperationException($"a chat ended before message {i}");
            Require(call.ResponseStream.Current.Length, i * 10);
        }

        await call.RequestStream.CompleteAsync();
        if (await call.ResponseStream.MoveNext(CancellationToken.None)) throw new InvalidOperationException("a chat had one message too many");
    }

    private static async Task Cancel(CallInvoker invoker)
    {
        using var cancel = new CancellationTokenSource();
        using var call = invoker.AsyncServerStreamingCall(ServerMethod, null, new CallOptions(cancellationToken: cancel.Token), []);
        if (!await call.ResponseStream.MoveNext(CancellationToken.None)) throw new InvalidOperationException("a stream without a message");
        await cancel.CancelAsync();
        try
        {
            // What had come before may still be read.
            while (await call.ResponseStream.MoveNext(CancellationToken.None))
            {
            }
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Cancelled)
        {
            // As it was told.
        }
    }

    private static async Task Expect(CallInvoker invoker, Method<byte[], byte[]> method, CallOptions options, StatusCode? status)
    {
        try
        {
            await invoker.AsyncUnaryCall(method, null, options, []);
        }
        catch (RpcException e) when (status is null || e.StatusCode == status)
        {
            return;
        }

        throw new InvalidOperationException($"{method.Name} succeeded");
    }

    private static void Require(int actual, int expected)
    {
        if (actual != expected) throw new InvalidOperationException($"{actual} where {expected} was due");
    }
}
