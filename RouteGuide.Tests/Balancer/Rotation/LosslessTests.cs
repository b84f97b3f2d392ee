using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;
using Routeguide;
using RouteGuide.Tests.Balancer.Telemetry;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Rotation;

/// <summary>
/// Clients of three makes call without a pause while their connections are replaced under them: not one call fails. ROUTEGUIDE_CALLS says how
/// many calls the first test makes (20,000 without it; a million is what has been run).
/// </summary>
public sealed class LosslessTests
{
    private const int AtOnce = 50;

    private static readonly string[] Settings = ["Balancer:MaxRequestsPerConnection=500", "Balancer:MaxConnectionAge=1"];

    private static int Calls => int.TryParse(Environment.GetEnvironmentVariable("ROUTEGUIDE_CALLS"), NumberStyles.None, CultureInfo.InvariantCulture, out var calls) ? calls : 20_000;

    [Fact]
    public async Task One_channel_carries_all_four_kinds_of_calls_over_many_connections_and_none_fails()
    {
        await using var target = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await BalancerUnderTest.StartWith([target.Url], Settings);
        var connections = 0;
        using var handler = Handler(() => Interlocked.Increment(ref connections));
        using var channel = GrpcChannel.ForAddress(balancer.Tls, new GrpcChannelOptions { HttpHandler = handler });
        var client = new Routeguide.RouteGuide.RouteGuideClient(channel);

        await Many(Calls, number => Call(client, number));

        Assert.Equal(Calls, target.Calls);
        Assert.InRange(connections, Calls / 1_000, Calls / 10);
    }

    [Fact]
    public async Task HttpClient_loses_no_request()
    {
        await using var target = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await BalancerUnderTest.StartWith([target.Url], Settings);
        var connections = 0;
        using var client = new HttpMessageInvoker(Handler(() => Interlocked.Increment(ref connections)));

        await Many(10_000, async number =>
        {
            using var request = balancer.Request(new ByteArrayContent(new byte[5 + (number % 2_000)]));
            using var response = await client.SendAsync(request, CancellationToken.None);
            Assert.Equal(5, (await response.Content.ReadAsByteArrayAsync()).Length);
            Assert.Equal("0", response.TrailingHeaders.GetValues("grpc-status").Single());
        });

        Assert.Equal(10_000, target.Calls);
        Assert.InRange(connections, 10, 1_000);
    }

    [Fact]
    public async Task Grpcio_loses_no_call()
    {
        var python = Python.WithGrpc();
        await using var target = await KestrelTarget.Start(KestrelTarget.Answer);
        using var log = new LogLines();
        await using var balancer = await BalancerUnderTest.StartWith([target.Url], [.. Settings, .. log.Settings]);
        await using var client = RunningProcess.Start(
            python,
            [Repository.File("RouteGuide.Tests", "Balancer", "Rotation", "many_calls.py"), $"127.0.0.1:{balancer.Plaintext.Port}", "5000"],
            new Dictionary<string, string?> { ["no_proxy"] = "127.0.0.1" });

        var code = await client.WaitForExit(TimeSpan.FromSeconds(90));

        Assert.True(code == 0, string.Join('\n', [.. client.Output, .. client.Error]));
        Assert.Contains("5000 calls, 0 failed", client.Output);
        var lines = await log.Have(5_000);
        Assert.InRange(lines.Select(line => line["client:port"]).Distinct().Count(), 5, 500);
    }

    private static SocketsHttpHandler Handler(Action onConnect) => new()
    {
        ConnectCallback = async (context, cancellation) =>
        {
            onConnect();
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(context.DnsEndPoint, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        },
        SslOptions = { RemoteCertificateValidationCallback = TestCertificate.Trust },
        UseProxy = false,
    };

    // So many at a time, without a pause; failures are counted, not thrown one by one.
    private static async Task Many(int count, Func<int, Task> call)
    {
        var failures = new ConcurrentQueue<Exception>();
        var next = 0;
        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) is var number && number <= count)
            {
                try
                {
                    await call(number);
                }
                catch (Exception e)
                {
                    failures.Enqueue(e);
                }
            }
        })));
        Assert.True(failures.IsEmpty, $"{failures.Count} of {count} calls failed; the first: {failures.FirstOrDefault()}");
    }

    // Mostly unary, as traffic is; the target answers each with one empty message.
    private static async Task Call(Routeguide.RouteGuide.RouteGuideClient client, int number)
    {
        switch (number % 10)
        {
            case 7:
                using (var call = client.ListFeatures(new Rectangle())) await One(call.ResponseStream);
                break;
            case 8:
                using (var call = client.RecordRoute())
                {
                    for (var i = 0; i < 3; i++) await call.RequestStream.WriteAsync(new Point { Latitude = i });
                    await call.RequestStream.CompleteAsync();
                    await call.ResponseAsync;
                }

                break;
            case 9:
                using (var call = client.RouteChat())
                {
                    await call.RequestStream.WriteAsync(new RouteNote { Message = "here" });
                    await call.RequestStream.CompleteAsync();
                    await One(call.ResponseStream);
                }

                break;
            default:
                await client.GetFeatureAsync(new Point { Latitude = number });
                break;
        }
    }

    private static async Task One<T>(IAsyncStreamReader<T> stream)
    {
        Assert.True(await stream.MoveNext(CancellationToken.None));
        Assert.False(await stream.MoveNext(CancellationToken.None));
    }
}
