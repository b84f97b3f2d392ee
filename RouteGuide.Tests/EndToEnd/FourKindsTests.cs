using Grpc.Core;
using Grpc.Net.Client;
using Routeguide;
using RouteGuide.Tests.Balancer;
using RouteGuide.Tests.Grpc.Server;

namespace RouteGuide.Tests.EndToEnd;

/// <summary>What belongs to a call (deadline, cancellation, metadata, trailers, status) from our client through the balancer to our server, for all four kinds, with TLS and without.</summary>
public sealed class FourKindsTests : IAsyncLifetime
{
    private readonly TaskCompletionSource<ServerCallContext> _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Func<ServerCallContext, Task> _script = _ => Task.CompletedTask;
    private GrpcHost _server = null!;
    private BalancerUnderTest _balancer = null!;
    private readonly Dictionary<string, GrpcChannel> _channels = [];

    public static MatrixTheoryData<MethodType, string> Kinds =>
        new([MethodType.Unary, MethodType.ServerStreaming, MethodType.ClientStreaming, MethodType.DuplexStreaming], ["https", "http"]);

    public async ValueTask InitializeAsync()
    {
        async Task Run(ServerCallContext context)
        {
            _arrived.TrySetResult(context);
            await _script(context);
        }

        _server = await GrpcHost.ServeAsync(new ScriptedRouteGuide
        {
            Unary = async (point, context) =>
            {
                await Run(context);
                return new Feature { Location = point };
            },
            ServerStreaming = async (_, responses, context) =>
            {
                await responses.WriteAsync(new Feature { Name = "first" });
                await Run(context);
            },
            ClientStreaming = async (requests, context) =>
            {
                Assert.True(await requests.MoveNext(CancellationToken.None));
                await Run(context);
                return new RouteSummary();
            },
            Duplex = async (requests, responses, context) =>
            {
                Assert.True(await requests.MoveNext(CancellationToken.None));
                await responses.WriteAsync(requests.Current);
                await Run(context);
            },
        });
        _balancer = await BalancerUnderTest.Start(_server.Address);
        foreach (var address in (Uri[])[_balancer.Tls, _balancer.Plaintext])
        {
            _channels[address.Scheme] = GrpcChannel.ForAddress(address, new GrpcChannelOptions
            {
                HttpHandler = new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = TestCertificate.Trust } },
                DisposeHttpClient = true,
            });
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var channel in _channels.Values) channel.Dispose();
        await _balancer.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Metadata_goes_up_and_headers_and_trailers_come_down(MethodType kind, string scheme)
    {
        byte[] bytes = [0, 1, 2, 250, 255];
        _script = context =>
        {
            foreach (var key in (string[])["x-text", "x-bytes-bin"]) context.ResponseTrailers.Add(context.RequestHeaders.Get(key)!);
            context.Status = new Status(StatusCode.OK, "grüße, 100%");
            return Task.CompletedTask;
        };

        var (status, trailers, headers) = await Call(kind, scheme, new CallOptions(new Metadata { { "x-text", "as it was" }, { "x-bytes-bin", bytes } }));

        Assert.Equal(new Status(StatusCode.OK, "grüße, 100%"), status);
        Assert.Equal("as it was", trailers.GetValue("x-text"));
        Assert.Equal(bytes, trailers.GetValueBytes("x-bytes-bin"));
        Assert.NotNull(headers);
        var seen = await _arrived.Task;
        Assert.Contains("127.0.0.1", seen.RequestHeaders.GetValue("x-forwarded-for"));
        Assert.Equal(scheme, seen.RequestHeaders.GetValue("x-forwarded-proto"));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_status_that_is_thrown_comes_down_with_its_trailers(MethodType kind, string scheme)
    {
        _script = _ => throw new RpcException(new Status(StatusCode.FailedPrecondition, "not now"), new Metadata { { "retry-in", "5" } });

        var (status, trailers, _) = await Call(kind, scheme, default);

        Assert.Equal(new Status(StatusCode.FailedPrecondition, "not now"), status);
        Assert.Equal("5", trailers.GetValue("retry-in"));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_deadline_goes_up_and_ends_the_call_on_both_sides(MethodType kind, string scheme)
    {
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _script = async context =>
        {
            using var registration = context.CancellationToken.Register(() => cancelled.TrySetResult());
            await cancelled.Task;
        };
        var (earliest, deadline) = (DateTime.UtcNow, DateTime.UtcNow);
        for (var seconds = 1.5; !_arrived.Task.IsCompleted; seconds *= 2)
        {
            // On a machine that has much else to do a deadline may pass before the call has come so far.
            Assert.True(seconds < 60, "no call has arrived within its deadline");
            deadline = DateTime.UtcNow.AddSeconds(seconds);
            var (status, _, _) = await Call(kind, scheme, new CallOptions(deadline: deadline));
            Assert.Equal(StatusCode.DeadlineExceeded, status.StatusCode);
        }

        // What is left of it goes up, so that the way there is added to it; and one that came too late may have arrived first.
        var seen = (await _arrived.Task).Deadline;
        Assert.InRange(seen, earliest, deadline + Support.Eventually.Patience);
        await cancelled.Task.WaitAsync(Support.Eventually.Patience);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_cancellation_goes_up_and_ends_the_call_on_both_sides(MethodType kind, string scheme)
    {
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _script = async context =>
        {
            using var registration = context.CancellationToken.Register(cancelled.SetResult);
            await cancelled.Task;
        };
        using var cancel = new CancellationTokenSource();

        var call = Call(kind, scheme, new CallOptions(cancellationToken: cancel.Token));
        await _arrived.Task.WaitAsync(Support.Eventually.Patience);
        await cancel.CancelAsync();

        Assert.Equal(StatusCode.Cancelled, (await call).Status.StatusCode);
        await cancelled.Task.WaitAsync(Support.Eventually.Patience);
    }

    /// <summary>Makes one call of a kind to its end, and says how it ended.</summary>
    private async Task<(Status Status, Metadata Trailers, Metadata? Headers)> Call(MethodType kind, string scheme, CallOptions options)
    {
        var client = new Routeguide.RouteGuide.RouteGuideClient(_channels[scheme]);
        switch (kind)
        {
            case MethodType.Unary:
                using (var call = client.GetFeatureAsync(new Point(), options))
                {
                    return await Ending(call.ResponseAsync, call.GetStatus, call.GetTrailers, () => call.ResponseHeadersAsync);
                }

            case MethodType.ServerStreaming:
                using (var call = client.ListFeatures(new Rectangle(), options))
                {
                    return await Ending(ReadAll(call.ResponseStream), call.GetStatus, call.GetTrailers, () => call.ResponseHeadersAsync);
                }

            case MethodType.ClientStreaming:
                using (var call = client.RecordRoute(options))
                {
                    await call.RequestStream.WriteAsync(new Point());
                    return await Ending(call.ResponseAsync, call.GetStatus, call.GetTrailers, () => call.ResponseHeadersAsync);
                }

            default:
                using (var call = client.RouteChat(options))
                {
                    await call.RequestStream.WriteAsync(new RouteNote { Message = "first" });
                    return await Ending(ReadAll(call.ResponseStream), call.GetStatus, call.GetTrailers, () => call.ResponseHeadersAsync);
                }
        }
    }

    private static async Task ReadAll<T>(IAsyncStreamReader<T> stream)
    {
        await foreach (var message in stream.ReadAllAsync()) Assert.NotNull(message);
    }

    private static async Task<(Status, Metadata, Metadata?)> Ending(Task answer, Func<Status> status, Func<Metadata> trailers, Func<Task<Metadata>> headers)
    {
        try
        {
            await answer;
            return (status(), trailers(), await headers());
        }
        catch (RpcException error)
        {
            return (error.Status, error.Trailers, null);
        }
    }
}
