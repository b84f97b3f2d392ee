using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Google.Protobuf;
using Grpc.Health.V1;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using RouteGuide.Balancer.Health.Checks;
using RouteGuide.Balancer.Routing;
using RouteGuide.Balancer.Transport.Tls;
using RouteGuide.Tests.Balancer.Tls;
using RouteGuide.Tests.Support;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace RouteGuide.Tests.Balancer.Health;

/// <summary>Each kind of check, over real sockets.</summary>
public sealed class ProbeTests : IDisposable
{
    private readonly TestAuthority _authority = new();

    [Theory]
    [InlineData("12", 12, null)]
    [InlineData("0,12", 0, null)]
    [InlineData("0-99", 99, null)]
    [InlineData("12", 0, "Health checks failed with these codes: [0]")]
    [InlineData("0-11", 14, "Health checks failed with these codes: [14]")]
    public async Task A_gRPC_check_compares_the_status(string matcher, int status, string? failure)
    {
        var asked = "";
        await using var target = await KestrelTarget.Start(context =>
        {
            var request = context.Request;
            asked = $"{request.Method} {request.Host} {request.Path} {request.ContentType} {request.Headers.TE} {request.Headers.UserAgent}";
            return Status(context, status);
        });

        var result = await Check(target.Url, new HealthCheckPlan { Kind = CheckKind.Grpc, Path = "/AWS.ALB/healthcheck", GrpcCodes = GrpcCodes.Parse(matcher) });

        AssertIs(failure is null ? null : "Target.ResponseCodeMismatch", failure, result);
        Assert.Equal($"POST {target.Url.Authority} /AWS.ALB/healthcheck application/grpc trailers ELB-HealthChecker/2.0", asked);
    }

    [Fact]
    public async Task A_status_in_trailers_after_a_message_counts_too()
    {
        await using var target = await KestrelTarget.Start(KestrelTarget.Answer);

        Assert.True((await Check(target.Url, new HealthCheckPlan { Kind = CheckKind.Grpc, GrpcCodes = GrpcCodes.Parse("0") })).HasPassed);
        Assert.False((await Check(target.Url, new HealthCheckPlan { Kind = CheckKind.Grpc })).HasPassed);
    }

    [Fact]
    public async Task A_web_server_passes_no_gRPC_check_although_404_stands_for_12()
    {
        await using var target = await KestrelTarget.Start(context =>
        {
            context.Response.StatusCode = 404;
            return Task.CompletedTask;
        });

        AssertIs("Target.FailedHealthChecks", "HTTP 404", await Check(target.Url, new HealthCheckPlan { Kind = CheckKind.Grpc, GrpcCodes = GrpcCodes.Parse("0-99") }));
    }

    [Theory]
    [InlineData(ServingStatus.Serving, null)]
    [InlineData(ServingStatus.NotServing, "the service 'routeguide.RouteGuide' is NOT_SERVING")]
    [InlineData(ServingStatus.Unknown, "UNKNOWN")]
    [InlineData(ServingStatus.ServiceUnknown, "SERVICE_UNKNOWN")]
    public async Task The_answer_of_the_health_service_is_read(ServingStatus status, string? failure)
    {
        HealthCheckRequest? asked = null;
        await using var target = await KestrelTarget.Start(async context =>
        {
            Assert.Equal("/grpc.health.v1.Health/Check", context.Request.Path.Value);
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            asked = HealthCheckRequest.Parser.ParseFrom(body.ToArray().AsSpan(5));
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(RawHttp2Stream.Frame(new HealthCheckResponse { Status = status }.ToByteArray()));
            context.Response.AppendTrailer("grpc-status", "0");
        });

        var result = await Check(target.Url, new HealthCheckPlan { Kind = CheckKind.GrpcHealth, Service = "routeguide.RouteGuide" });

        AssertIs(failure is null ? null : "Target.FailedHealthChecks", failure, result);
        Assert.Equal("routeguide.RouteGuide", asked!.Service);
    }

    [Fact]
    public async Task A_health_service_that_does_not_know_the_service_or_talks_nonsense_fails()
    {
        await using var unknown = await KestrelTarget.Start(context => Status(context, 5));
        await using var nonsense = await KestrelTarget.Start(async context =>
        {
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(RawHttp2Stream.Frame([0xff, 0xff, 0xff]));
            context.Response.AppendTrailer("grpc-status", "0");
        });
        var plan = new HealthCheckPlan { Kind = CheckKind.GrpcHealth };

        AssertIs("Target.ResponseCodeMismatch", "[5]", await Check(unknown.Url, plan));
        AssertIs("Target.FailedHealthChecks", "no HealthCheckResponse", await Check(nonsense.Url, plan));
    }

    [Theory]
    [InlineData(HttpProtocols.Http1, false)]
    [InlineData(HttpProtocols.Http2, true)]
    public async Task An_HTTP_check_compares_the_status_in_either_version(HttpProtocols protocols, bool isHttp2)
    {
        await using var target = await KestrelTarget.Start(
            context =>
            {
                context.Response.StatusCode = context.Request.Path == "/ready" ? 204 : 302;
                context.Response.Headers.Location = "/ready";
                return Task.CompletedTask;
            },
            protocols: protocols);
        var plan = new HealthCheckPlan { Kind = CheckKind.Http, IsHttp2 = isHttp2, Path = "/ready?from=lb", HttpCodes = HttpCodes.Parse("200-299") };

        AssertIs(null, null, await Check(target.Url, plan));
        AssertIs("Target.ResponseCodeMismatch", "[302]", await Check(target.Url, plan with { Path = "/" }));
    }

    [Fact]
    public async Task A_check_may_go_to_another_port()
    {
        await using var ready = await KestrelTarget.Start(_ => Task.CompletedTask, protocols: HttpProtocols.Http1);

        Assert.True((await Check(new Uri("http://127.0.0.1:1"), new HealthCheckPlan { Kind = CheckKind.Http, Port = ready.Url.Port })).HasPassed);
    }

    [Fact]
    public async Task A_TCP_check_asks_for_no_more_than_a_connection()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var url = new Uri($"http://{listener.LocalEndpoint}");
        var plan = new HealthCheckPlan { Kind = CheckKind.Tcp };

        AssertIs(null, null, await Check(url, plan));
        listener.Stop();
        await Assert.ThrowsAsync<SocketException>(() => Check(url, plan));
    }

    [Fact]
    public async Task Secure_targets_are_checked_by_the_rules_for_calls()
    {
        await using var target = RawTarget.Start((_, stream) => RawTarget.Answer(stream), secure: Secure(_authority.Server("localhost")));
        var plan = new HealthCheckPlan { Kind = CheckKind.Grpc, GrpcCodes = GrpcCodes.Parse("0") };
        var address = $"https://localhost:{target.Url.Port}";
        var trusting = new TargetTls { Trust = TrustStore.Load(new NamedFile("trust", _authority.RootFile)) };

        AssertIs(null, null, await Check(address, plan, trusting));
        Assert.True((await Check(address, plan, new TargetTls { Verify = false })).HasPassed);
        Assert.True((await Check(address.Replace("https", "http", StringComparison.Ordinal), plan with { IsTls = true }, trusting)).HasPassed);
        var refused = await Assert.ThrowsAnyAsync<Exception>(() => Check(address, plan, TargetTls.Default));
        Assert.Contains("no authority of the trust store has issued it", refused.GetBaseException().Message, StringComparison.Ordinal);
        var other = await Assert.ThrowsAnyAsync<Exception>(() => Check($"https://127.0.0.1:{target.Url.Port}", plan, trusting));
        Assert.Contains("it is not for '127.0.0.1'", other.GetBaseException().Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_target_that_accepts_and_hangs_is_given_up_in_time_whatever_the_check()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        HealthCheckPlan[] plans = [new() { Kind = CheckKind.Grpc }, new() { Kind = CheckKind.GrpcHealth }, new() { Kind = CheckKind.Http }, new() { Kind = CheckKind.Tcp, IsTls = true }];
        foreach (var plan in plans)
        {
            using var limit = new CancellationTokenSource();
            var check = new NetworkProbe(new ProbeConnector(TargetTls.Default)).Check(Address($"http://{listener.LocalEndpoint}"), plan, limit.Token);
            using var accepted = await listener.AcceptSocketAsync();
            await limit.CancelAsync();

            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => check.WaitAsync(Eventually.Patience));
            Assert.True(await EndsWithin(accepted), "the connection is closed");
        }
    }

    [Fact]
    public async Task Checks_of_a_balancer_keep_calls_from_a_target_that_is_NOT_SERVING_until_it_is()
    {
        var serving = false;
        await using var well = await KestrelTarget.Start(c => Health(c, "well", () => true));
        await using var ill = await KestrelTarget.Start(c => Health(c, "ill", () => Volatile.Read(ref serving)));
        await using var balancer = await BalancerUnderTest.StartWith([well.Url, ill.Url], "Balancer:TargetGroups:default:HealthCheckProtocol=GRPC_HEALTH", "Balancer:TargetGroups:default:HealthCheckIntervalSeconds=0.1", "Balancer:TargetGroups:default:UnhealthyThresholdCount=1", "Balancer:TargetGroups:default:HealthyThresholdCount=1");
        await Eventually.Until(() => balancer.Targets.Current.Entries[1].Health.State == HealthState.Unhealthy && balancer.Targets.Current.Available == 1, "one is found ill, the other one well");
        Assert.Equal([well.Url.Port], balancer.Targets.Current.Routable.ToArray().Select(t => t.Address.Port));
        using var client = BalancerUnderTest.Client();
        for (var i = 0; i < 10; i++)
        {
            using var response = await client.SendAsync(balancer.Request(), CancellationToken.None);
            Assert.Equal("well", response.Headers.GetValues("at").Single());
        }

        Volatile.Write(ref serving, true);

        await Eventually.Until(() => balancer.Targets.Current.Available == 2, "it takes calls again");

        static async Task Health(HttpContext context, string name, Func<bool> isServing)
        {
            context.Response.ContentType = "application/grpc";
            context.Response.Headers["at"] = name;
            var answer = context.Request.Path == "/grpc.health.v1.Health/Check" ? new HealthCheckResponse { Status = isServing() ? ServingStatus.Serving : ServingStatus.NotServing }.ToByteArray() : [];
            await context.Response.Body.WriteAsync(RawHttp2Stream.Frame(answer));
            context.Response.AppendTrailer("grpc-status", "0");
        }
    }

    public void Dispose() => _authority.Dispose();

    private static Task Status(HttpContext context, int status)
    {
        context.Response.ContentType = "application/grpc";
        context.Response.Headers["grpc-status"] = $"{status}";
        return Task.CompletedTask;
    }

    private static Task<CheckResult> Check(Uri url, HealthCheckPlan plan) => Check($"http://{url.Authority}", plan, TargetTls.Default);

    private static Task<CheckResult> Check(string url, HealthCheckPlan plan, TargetTls tls) =>
        new NetworkProbe(new ProbeConnector(tls)).Check(Address(url), plan, CancellationToken.None).WaitAsync(Eventually.Patience);

    private static TargetAddress Address(string url) => TargetAddress.TryParse(url, out var address, out var error) ? address : throw new ArgumentException(error);

    private static void AssertIs(string? reason, string? described, CheckResult result)
    {
        Assert.Equal(reason, result.Reason);
        Assert.Contains(described ?? "", result.Description, StringComparison.Ordinal);
    }

    private static Func<Stream, Task<Stream>> Secure(Issued certificate)
    {
        var context = SslStreamCertificateContext.Create(certificate.Load(), null);
        return async plain =>
        {
            var secured = new SslStream(plain);
            await secured.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificateContext = context, ApplicationProtocols = [SslApplicationProtocol.Http2], EnabledSslProtocols = SslProtocols.None });
            return secured;
        };
    }

    private static async Task<bool> EndsWithin(Socket socket)
    {
        using var limit = new CancellationTokenSource(Eventually.Patience);
        try
        {
            var octets = new byte[1024];
            while (await socket.ReceiveAsync(octets, limit.Token) > 0)
            {
                // What was asked.
            }

            return true;
        }
        catch (SocketException)
        {
            return true;
        }
    }
}
