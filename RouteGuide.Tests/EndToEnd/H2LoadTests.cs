using System.ComponentModel;
using System.Diagnostics;
using System.Text.RegularExpressions;
using Google.Protobuf;
using Routeguide;
using RouteGuide.Tests.Balancer;
using RouteGuide.Tests.Balancer.Telemetry;
using RouteGuide.Tests.Grpc.Server;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.EndToEnd;

/// <summary>
/// All four kinds of calls as nghttp2's load generator sends them, many at a time, through the balancer to our server. It knows nothing of gRPC,
/// so that each call's status is looked up in the access log.
/// </summary>
public sealed partial class H2LoadTests : IAsyncLifetime
{
    private const int Calls = 400;

    private static readonly Lazy<bool> IsInstalled = new(() =>
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("h2load", ["--version"]) { RedirectStandardOutput = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    });

    private readonly LogLines _log = new();
    private int _messages;
    private GrpcHost _server = null!;
    private BalancerUnderTest _balancer = null!;

    public static MatrixTheoryData<string, string> Kinds => new(["GetFeature", "ListFeatures", "RecordRoute", "RouteChat"], ["https", "http"]);

    public async ValueTask InitializeAsync()
    {
        _server = await GrpcHost.ServeAsync(new ScriptedRouteGuide
        {
            Unary = (point, _) =>
            {
                Interlocked.Increment(ref _messages);
                return Task.FromResult(new Feature { Location = point });
            },
            ServerStreaming = async (_, responses, _) =>
            {
                Interlocked.Increment(ref _messages);
                for (var i = 0; i < 10; i++) await responses.WriteAsync(new Feature { Name = "a feature" });
            },
            ClientStreaming = async (requests, _) =>
            {
                while (await requests.MoveNext(CancellationToken.None)) Interlocked.Increment(ref _messages);
                return new RouteSummary { PointCount = 3 };
            },
            Duplex = async (requests, responses, _) =>
            {
                while (await requests.MoveNext(CancellationToken.None))
                {
                    Interlocked.Increment(ref _messages);
                    await responses.WriteAsync(requests.Current);
                }
            },
        });
        _balancer = await BalancerUnderTest.StartWith([_server.Address], _log.Settings);
    }

    public async ValueTask DisposeAsync()
    {
        await _balancer.DisposeAsync();
        await _server.DisposeAsync();
        _log.Dispose();
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task H2load_completes_every_call(string method, string scheme)
    {
        Assert.SkipUnless(IsInstalled.Value, "no h2load here (Debian: apt-get install nghttp2-client)");
        var requests = method switch
        {
            "GetFeature" => [new Point { Latitude = 1 }],
            "ListFeatures" => [new Rectangle()],
            "RecordRoute" => Enumerable.Range(1, 3).Select(i => (IMessage)new Point { Latitude = i }).ToArray(),
            _ => Enumerable.Range(1, 3).Select(i => (IMessage)new RouteNote { Message = $"note {i}" }).ToArray(),
        };
        var body = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(body, [.. requests.SelectMany(Frame)]);
            var address = scheme == "https" ? _balancer.Tls : _balancer.Plaintext;
            await using var h2load = RunningProcess.Start(
                "h2load", ["-n", $"{Calls}", "-c", "4", "-m", "20", "-t", "1", "-d", body, "-H", "content-type: application/grpc", "-H", "te: trailers", $"{address.GetLeftPart(UriPartial.Authority)}/routeguide.RouteGuide/{method}"]);

            var code = await h2load.WaitForExit();
            var output = string.Join('\n', h2load.Output);

            Assert.True(code == 0, output);
            Assert.Matches(Succeeded(), output);
            Assert.All(await _log.Have(Calls), line => Assert.Equal("0", line["grpc_status"]));
            Assert.Equal(Calls * requests.Length, _messages);
        }
        finally
        {
            File.Delete(body);
        }
    }

    private static byte[] Frame(IMessage message)
    {
        var octets = message.ToByteArray();
        return [0, 0, 0, 0, (byte)octets.Length, .. octets];
    }

    [GeneratedRegex("requests: 400 total, 400 started, 400 done, 400 succeeded, 0 failed, 0 errored, 0 timeout")]
    private static partial Regex Succeeded();
}
