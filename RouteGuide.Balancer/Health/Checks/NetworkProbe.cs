using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;
using Grpc.Health.V1;
using RouteGuide.Balancer.Routing;

namespace RouteGuide.Balancer.Health.Checks;

/// <summary>Checks over the network, each on a connection of its own, as a target that takes no new connections is not well.</summary>
internal sealed class NetworkProbe(ProbeConnector connector) : IProbe
{
    /// <summary>What checks call themselves, for those who leave them out of their logs.</summary>
    public const string UserAgent = "ELB-HealthChecker/2.0";

    private const int MaxAnswer = 64 * 1024;
    private const int MessagePrefix = 5; // a flag and a length of 4 octets before each gRPC message
    private const string HealthPath = "/grpc.health.v1.Health/Check";

    private static readonly byte[] EmptyMessage = new byte[MessagePrefix];

    public Task<CheckResult> Check(TargetAddress target, HealthCheckPlan plan, CancellationToken cancellation) => plan.Kind switch
    {
        CheckKind.Grpc => CheckGrpc(target, plan, cancellation),
        CheckKind.GrpcHealth => CheckGrpcHealth(target, plan, cancellation),
        CheckKind.Http => CheckHttp(target, plan, cancellation),
        _ => CheckTcp(target, plan, cancellation),
    };

    private async Task<CheckResult> CheckTcp(TargetAddress target, HealthCheckPlan plan, CancellationToken cancellation)
    {
        await using var connection = await connector.Connect(target, plan, ProbeConnector.NoProtocols, cancellation).ConfigureAwait(false);
        return CheckResult.Passed;
    }

    private async Task<CheckResult> CheckHttp(TargetAddress target, HealthCheckPlan plan, CancellationToken cancellation)
    {
        using var client = connector.Client(target, plan, plan.IsHttp2 ? ProbeConnector.Http2Alone : ProbeConnector.Http1Alone);
        using var request = Request(HttpMethod.Get, target, plan, plan.Path, plan.IsHttp2);
        using var response = await client.SendAsync(request, cancellation).ConfigureAwait(false);
        return plan.HttpCodes.Contains((int)response.StatusCode) ? CheckResult.Passed : CheckResult.Mismatch((int)response.StatusCode);
    }

    private async Task<CheckResult> CheckGrpc(TargetAddress target, HealthCheckPlan plan, CancellationToken cancellation)
    {
        var (status, _, fault) = await Call(target, plan, plan.Path, EmptyMessage, cancellation).ConfigureAwait(false);
        return fault is not null ? CheckResult.Failed(fault) : plan.GrpcCodes.Contains(status) ? CheckResult.Passed : CheckResult.Mismatch(status);
    }

    private async Task<CheckResult> CheckGrpcHealth(TargetAddress target, HealthCheckPlan plan, CancellationToken cancellation)
    {
        var question = new HealthCheckRequest { Service = plan.Service };
        var message = new byte[MessagePrefix + question.CalculateSize()];
        message[MessagePrefix - 1] = (byte)(message.Length - MessagePrefix);
        message[MessagePrefix - 2] = (byte)((message.Length - MessagePrefix) >> 8);
        question.WriteTo(message.AsSpan(MessagePrefix));
        var (status, answer, fault) = await Call(target, plan, HealthPath, message, cancellation).ConfigureAwait(false);
        if (fault is not null) return CheckResult.Failed(fault);
        if (status != 0) return CheckResult.Mismatch(status);
        try
        {
            // Compressed, it would be to no good: nothing was offered.
            if (answer.Length < MessagePrefix || answer[0] != 0) return CheckResult.Failed("the health service answered with no message");
            var said = HealthCheckResponse.Parser.ParseFrom(answer, MessagePrefix, answer.Length - MessagePrefix).Status;
            return said == HealthCheckResponse.Types.ServingStatus.Serving ? CheckResult.Passed : CheckResult.Failed($"the service '{plan.Service}' is {NameOf(said)}");
        }
        catch (InvalidProtocolBufferException)
        {
            return CheckResult.Failed("the health service answered with what is no HealthCheckResponse");
        }
    }

    private static string NameOf(HealthCheckResponse.Types.ServingStatus status) => status switch
    {
        HealthCheckResponse.Types.ServingStatus.NotServing => "NOT_SERVING",
        HealthCheckResponse.Types.ServingStatus.ServiceUnknown => "SERVICE_UNKNOWN",
        HealthCheckResponse.Types.ServingStatus.Unknown => "UNKNOWN",
        _ => ((int)status).ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>A unary call: its status and what was answered, or why that was no gRPC.</summary>
    private async Task<(int Status, byte[] Answer, string? Fault)> Call(TargetAddress target, HealthCheckPlan plan, string path, byte[] message, CancellationToken cancellation)
    {
        using var client = connector.Client(target, plan, ProbeConnector.Http2Alone);
        using var request = Request(HttpMethod.Post, target, plan, path, isHttp2: true);
        request.Content = new ByteArrayContent(message);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        using var response = await client.SendAsync(request, cancellation).ConfigureAwait(false);
        var type = response.Content.Headers.ContentType?.MediaType;
        if (response.StatusCode != HttpStatusCode.OK || type?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) != true) return (0, [], $"the target answered HTTP {(int)response.StatusCode} {type}, which is not gRPC");

        var answer = await Read(response, cancellation).ConfigureAwait(false);
        if (answer is null) return (0, [], $"the target answered with more than {MaxAnswer} octets");
        // Without a message the status comes with the headers.
        var has = response.Headers.TryGetValues("grpc-status", out var texts) || response.TrailingHeaders.TryGetValues("grpc-status", out texts);
        return has && int.TryParse(texts!.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var status) ? (status, answer, null) : (0, [], "the target answered without a grpc-status");
    }

    private static async Task<byte[]?> Read(HttpResponseMessage response, CancellationToken cancellation)
    {
        var stream = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        using var all = new MemoryStream();
        var piece = new byte[4096];
        while (await stream.ReadAsync(piece, cancellation).ConfigureAwait(false) is > 0 and var count)
        {
            if (all.Length + count > MaxAnswer) return null;
            all.Write(piece, 0, count);
        }

        return all.ToArray();
    }

    private static HttpRequestMessage Request(HttpMethod method, TargetAddress target, HealthCheckPlan plan, string path, bool isHttp2)
    {
        var (scheme, port) = (ProbeConnector.IsTls(target, plan) ? "https" : "http", plan.PortOf(target));
        // Created with its host alone: a default port would be left out of the authority.
        var host = target.Host.Contains(':') ? $"[{target.Host}]" : target.Host;
        var request = new HttpRequestMessage(method, new Uri($"{scheme}://{host}:{port}{path}"))
        {
            Version = isHttp2 ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Host = $"{host}:{port}";
        request.Headers.TryAddWithoutValidation("user-agent", UserAgent);
        return request;
    }
}
