using Grpc.Core;
using Grpc.Net.Client;
using RouteGuide.Registry.V1;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Health;

/// <summary>Targets that are registered, deregistered and described over the registry.</summary>
public sealed class RegistrarTests : IAsyncLifetime
{
    private const string Key = "s3cret-key";

    private static readonly Metadata Shown = new() { { "authorization", $"Bearer {Key}" } };

    private BalancerUnderTest _balancer = null!;
    private GrpcChannel _channel = null!;

    private RouteGuide.Registry.V1.Registry.RegistryClient Client => new(_channel);

    public async ValueTask InitializeAsync()
    {
        _balancer = await BalancerUnderTest.StartWith([], "REGISTRY_PORT=0", $"REGISTRY_KEY={Key}", "Balancer:TargetGroups:other:ProtocolVersion=GRPC", "Balancer:TargetGroups:other:Port=7000", "Balancer:TargetGroups:default:Attributes:deregistration_delay.timeout_seconds=0.2");
        _channel = GrpcChannel.ForAddress(_balancer.Registry);
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        await _balancer.DisposeAsync();
    }

    [Fact]
    public async Task A_registered_target_gets_calls_at_once_and_a_deregistered_one_none_at_once()
    {
        await using var target = await KestrelTarget.Start(KestrelTarget.Answer);
        using var client = BalancerUnderTest.Client();
        var id = new TargetDescription { Id = "127.0.0.1", Port = target.Url.Port, Weight = 5 };

        await Client.RegisterTargetsAsync(new RegisterTargetsRequest { Targets = { id } }, Shown);
        Assert.Equal("0", await Status(client));
        var described = Assert.Single((await Describe()).TargetHealthDescriptions);
        Assert.Equal((TargetState.Unavailable, "Target.HealthCheckDisabled", 5, target.Url.Port), (described.State, described.Reason, described.Target.Weight, described.Target.Port));

        await Client.DeregisterTargetsAsync(new DeregisterTargetsRequest { Targets = { id } }, Shown);
        Assert.Equal("14", await Status(client));
        Assert.Equal(1, target.Calls);
        var gone = Assert.Single((await Describe(id)).TargetHealthDescriptions);
        Assert.Equal((TargetState.Unused, "Target.NotRegistered"), (gone.State, gone.Reason));
    }

    [Fact]
    public async Task A_call_that_outlasts_the_deregistration_delay_is_ended_with_a_clear_status()
    {
        var arrived = new TaskCompletionSource();
        await using var target = RawTarget.Start(async (_, stream) =>
        {
            await stream.SendHeadersAsync([(":status", "200"), ("content-type", "application/grpc")]);
            await stream.SendMessageAsync([1]);
            arrived.TrySetResult();
        });
        var id = new TargetDescription { Id = "127.0.0.1", Port = target.Url.Port };
        await Client.RegisterTargetsAsync(new RegisterTargetsRequest { Targets = { id } }, Shown);
        await using var h2 = await RawHttp2Connection.ConnectAsync(_balancer.Tls);
        var begun = await h2.OpenAsync(Wire.Request(_balancer.Tls));
        await begun.HasMessages(1);

        await Client.DeregisterTargetsAsync(new DeregisterTargetsRequest { Targets = { id } }, Shown);
        await begun.Ended();

        Assert.Equal("14", begun.GrpcStatus);
        Assert.Contains("was deregistered", begun.GrpcMessage, StringComparison.Ordinal);
        await Eventually.Until(() => target.Connections.SelectMany(c => c.Streams).All(s => s.ResetCode == Wire.Cancel), "the target hears of it");
        await Eventually.Until(() => _balancer.Targets.Current.Entries.IsEmpty, "the target is gone");
    }

    [Fact]
    public async Task A_lease_may_be_for_another_group_and_have_a_weight()
    {
        using var lease = Client.Lease(Shown);
        await lease.RequestStream.WriteAsync(new LeaseRequest { Registration = new Registration { Replica = "a", Address = "http://127.0.0.1:5001", TargetGroup = "other", Weight = 7 } });
        Assert.True(await lease.ResponseStream.MoveNext(CancellationToken.None));

        var listed = Assert.Single((await Client.ListTargetsAsync(new ListTargetsRequest(), Shown)).Targets);
        Assert.Equal(("a", "other", 7), (listed.Name, listed.TargetGroup, listed.Weight));
        var described = Assert.Single((await Client.DescribeTargetHealthAsync(new DescribeTargetHealthRequest { TargetGroup = "other" }, Shown)).TargetHealthDescriptions);
        // No rule sends anything there.
        Assert.Equal((TargetState.Unused, "Target.NotInUse", "a"), (described.State, described.Reason, described.Name));

        await Client.DeregisterTargetsAsync(new DeregisterTargetsRequest { TargetGroup = "other", Targets = { new TargetDescription { Id = "127.0.0.1", Port = 5001 } } }, Shown);
        Assert.True(await lease.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal(LeaseResponse.MessageOneofCase.Drain, lease.ResponseStream.Current.MessageCase);
    }

    [Fact]
    public async Task The_port_of_the_group_stands_in_for_a_missing_one()
    {
        await Client.RegisterTargetsAsync(new RegisterTargetsRequest { TargetGroup = "other", Targets = { new TargetDescription { Id = "::1" } } }, Shown);

        var described = Assert.Single((await Client.DescribeTargetHealthAsync(new DescribeTargetHealthRequest { TargetGroup = "other" }, Shown)).TargetHealthDescriptions);
        Assert.Equal(("::1", 7000), (described.Target.Id, described.Target.Port));
    }

    [Theory]
    [InlineData("nobody", "127.0.0.1", 1, 0, StatusCode.NotFound, "expected one of: default, other")]
    [InlineData("", "127.0.0.1", 0, 0, StatusCode.InvalidArgument, "has no port")]
    [InlineData("", "127.0.0.1", 65536, 0, StatusCode.InvalidArgument, "65536")]
    [InlineData("", "example.com", 80, 0, StatusCode.InvalidArgument, "'example.com'")]
    [InlineData("", "127.0.0.1/x", 80, 0, StatusCode.InvalidArgument, "'127.0.0.1/x'")]
    [InlineData("", "", 80, 0, StatusCode.InvalidArgument, "''")]
    [InlineData("", "127.0.0.1", 80, 1000, StatusCode.InvalidArgument, "1000")]
    [InlineData("", "127.0.0.1", 80, -1, StatusCode.InvalidArgument, "-1")]
    public async Task What_cannot_be_registered_is_refused_by_name_and_nothing_changes(string group, string id, int port, int weight, StatusCode status, string named)
    {
        var request = new RegisterTargetsRequest { TargetGroup = group, Targets = { new TargetDescription { Id = "127.0.0.1", Port = 9 }, new TargetDescription { Id = id, Port = port, Weight = weight } } };

        var error = await Assert.ThrowsAsync<RpcException>(async () => await Client.RegisterTargetsAsync(request, Shown));

        Assert.Equal(status, error.StatusCode);
        Assert.Contains(named, error.Status.Detail, StringComparison.Ordinal);
        Assert.Empty(_balancer.Targets.Current.Entries);
    }

    [Fact]
    public async Task Deregistering_an_unknown_target_is_NOT_FOUND_and_the_others_stay()
    {
        var known = new TargetDescription { Id = "127.0.0.1", Port = 9 };
        await Client.RegisterTargetsAsync(new RegisterTargetsRequest { Targets = { known } }, Shown);

        var error = await Assert.ThrowsAsync<RpcException>(async () => await Client.DeregisterTargetsAsync(new DeregisterTargetsRequest { Targets = { known, new TargetDescription { Id = "127.0.0.1", Port = 10 } } }, Shown));

        Assert.Equal(StatusCode.NotFound, error.StatusCode);
        Assert.Contains("127.0.0.1:10", error.Status.Detail, StringComparison.Ordinal);
        Assert.Single(_balancer.Targets.Current.Entries, e => !e.Draining);
    }

    [Fact]
    public async Task More_targets_than_fit_are_refused_as_a_whole()
    {
        var request = new RegisterTargetsRequest { Targets = { Enumerable.Range(1, 1001).Select(p => new TargetDescription { Id = "127.0.0.1", Port = p }) } };

        var error = await Assert.ThrowsAsync<RpcException>(async () => await Client.RegisterTargetsAsync(request, Shown));

        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
        Assert.Empty(_balancer.Targets.Current.Entries);
    }

    private async Task<DescribeTargetHealthResponse> Describe(params TargetDescription[] targets) =>
        await Client.DescribeTargetHealthAsync(new DescribeTargetHealthRequest { Targets = { targets } }, Shown);

    private async Task<string> Status(HttpMessageInvoker client)
    {
        using var response = await client.SendAsync(_balancer.Request(), CancellationToken.None);
        await response.Content.ReadAsByteArrayAsync();
        return (response.TrailingHeaders.TryGetValues("grpc-status", out var status) ? status : response.Headers.GetValues("grpc-status")).Single();
    }
}
