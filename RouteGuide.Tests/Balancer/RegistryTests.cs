using System.Net;
using Grpc.Core;
using Grpc.Net.Client;
using RouteGuide.Registry.V1;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer;

/// <summary>Targets come and go by leases.</summary>
public sealed class RegistryTests
{
    private const string Key = "s3cret-key";
    private const string Replica = "server-a";

    [Fact]
    public async Task A_lease_brings_calls_to_its_replica_and_its_end_takes_them_away()
    {
        await using var target = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await StartBalancer();
        using var channel = Channel(balancer);
        using var client = BalancerUnderTest.Client();
        Assert.Equal("14", await Status(balancer, client));

        using (var lease = await Register(channel, Replica, target.Url))
        {
            Assert.Equal("0", await Status(balancer, client));
            await lease.RequestStream.CompleteAsync();
            Assert.False(await lease.ResponseStream.MoveNext(CancellationToken.None));
            Assert.Equal(StatusCode.OK, lease.GetStatus().StatusCode);
        }

        Assert.Equal("14", await Status(balancer, client));
        Assert.Equal(1, target.Calls);
    }

    [Fact]
    public async Task A_broken_connection_ends_the_lease()
    {
        await using var balancer = await StartBalancer();
        var h2 = await RawHttp2Connection.ConnectAsync(balancer.Registry);
        var stream = await h2.OpenAsync(RawHttp2Connection.GrpcRequest("/routeguide.registry.v1.Registry/Lease", ("authorization", $"Bearer {Key}")));
        await stream.SendMessageAsync(Google.Protobuf.MessageExtensions.ToByteArray(Registration(Replica, "http://127.0.0.1:5001")));
        await stream.HasMessages(1);
        Assert.Single(balancer.Targets.Current.Entries);

        await h2.DisposeAsync();

        await Eventually.Until(() => balancer.Targets.Current.Entries.IsEmpty, "the lease has ended");
    }

    [Fact]
    public async Task Running_calls_outlive_the_lease()
    {
        var arrived = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        await using var target = await KestrelTarget.Start(async context =>
        {
            arrived.SetResult();
            await release.Task;
            await KestrelTarget.Answer(context);
        });
        await using var balancer = await StartBalancer();
        using var channel = Channel(balancer);
        using var client = BalancerUnderTest.Client();
        var lease = await Register(channel, Replica, target.Url);
        var call = Status(balancer, client);
        await arrived.Task;

        lease.Dispose();

        await Eventually.Until(() => balancer.Targets.Current.Entries.IsEmpty, "the lease has ended");
        Assert.Equal("14", await Status(balancer, client));
        release.SetResult();
        Assert.Equal("0", await call);
    }

    [Fact]
    public async Task A_drained_replica_is_told_so_and_gets_no_further_call()
    {
        await using var target = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await StartBalancer();
        using var channel = Channel(balancer);
        using var client = BalancerUnderTest.Client();
        using var lease = await Register(channel, Replica, target.Url);

        await Call(channel).DrainAsync(new DrainRequest { Replica = Replica, Reason = "new version" });

        Assert.Equal("14", await Status(balancer, client));
        Assert.True(await lease.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal("new version", lease.ResponseStream.Current.Drain.Reason);
        Assert.Equal(TargetState.Draining, Assert.Single((await Call(channel).ListTargetsAsync(new ListTargetsRequest())).Targets).State);
    }

    [Fact]
    public async Task Draining_an_unknown_replica_is_NOT_FOUND()
    {
        await using var balancer = await StartBalancer(new Uri("http://127.0.0.1:5001"));
        using var channel = Channel(balancer);

        var error = await Assert.ThrowsAsync<RpcException>(async () => await Call(channel).DrainAsync(new DrainRequest { Replica = "127.0.0.1:5001" }));

        Assert.Equal(StatusCode.NotFound, error.StatusCode);
        Assert.Contains("127.0.0.1:5001", error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_lease_for_a_name_is_refused_while_the_first_holds_it()
    {
        await using var balancer = await StartBalancer();
        using var channel = Channel(balancer);
        using (await Register(channel, Replica, new Uri("http://127.0.0.1:5001")))
        {
            var error = await Assert.ThrowsAsync<RpcException>(() => Register(channel, Replica, new Uri("http://127.0.0.1:5002")));

            Assert.Equal(StatusCode.AlreadyExists, error.StatusCode);
            Assert.Contains(Replica, error.Status.Detail, StringComparison.Ordinal);
            Assert.Equal("http://127.0.0.1:5001", Assert.Single(balancer.Targets.Current.Entries).Target.Address.ToString());
        }

        await Eventually.Until(() => balancer.Targets.Current.Entries.IsEmpty, "the lease has ended");
        using var again = await Register(channel, Replica, new Uri("http://127.0.0.1:5002"));
    }

    [Theory]
    [InlineData(Replica, "", "empty")]
    [InlineData(Replica, "127.0.0.1:5001", "127.0.0.1:5001")]
    [InlineData(Replica, "https://127.0.0.1:5001", "https")]
    [InlineData(Replica, "http://127.0.0.1", "port")]
    [InlineData(Replica, "http://127.0.0.1:0", "port 0")]
    [InlineData(Replica, "http://127.0.0.1:99999", "99999")]
    [InlineData(Replica, "http://127.0.0.1:5001/path", "path")]
    [InlineData(Replica, "http://user@127.0.0.1:5001", "user@")]
    [InlineData(Replica, "http://0.0.0.0:5001", "0.0.0.0")]
    [InlineData(Replica, "http://[::]:5001", "[::]")]
    [InlineData(Replica, "http://example.com:5001", "example.com")]
    [InlineData("", "http://127.0.0.1:5001", "replica name")]
    [InlineData("a b", "http://127.0.0.1:5001", "'a b'")]
    [InlineData("o\u001b[31m", "http://127.0.0.1:5001", "o\uFFFD[31m")]
    public async Task A_bad_registration_is_refused_by_name_and_value(string replica, string address, string named)
    {
        await using var balancer = await StartBalancer();
        using var channel = Channel(balancer);
        using var lease = Call(channel).Lease();
        await lease.RequestStream.WriteAsync(Registration(replica, address));

        var error = await Assert.ThrowsAsync<RpcException>(() => lease.ResponseStream.MoveNext(CancellationToken.None));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Contains(named, error.Status.Detail, StringComparison.Ordinal);
        Assert.Empty(balancer.Targets.Current.Entries);
    }

    [Theory]
    [InlineData("http://127.0.0.1:5001")]
    [InlineData("http://localhost:80")]
    [InlineData("http://[::1]:5001")]
    [InlineData("http://192.0.2.1:5001")]
    public async Task Addresses_are_kept_as_they_were_registered(string address)
    {
        await using var balancer = await StartBalancer();
        using var channel = Channel(balancer);
        using var lease = await Register(channel, Replica, address);

        var target = Assert.Single((await Call(channel).ListTargetsAsync(new ListTargetsRequest())).Targets);

        Assert.Equal((Replica, address, TargetState.Healthy, true), (target.Name, target.Address, target.State, target.Leased));
    }

    [Fact]
    public async Task A_lease_that_starts_with_anything_else_or_goes_on_after_its_registration_is_INVALID_ARGUMENT()
    {
        await using var balancer = await StartBalancer();
        using var channel = Channel(balancer);
        using var empty = Call(channel).Lease();
        await empty.RequestStream.WriteAsync(new LeaseRequest());
        Assert.Equal(StatusCode.InvalidArgument, (await Assert.ThrowsAsync<RpcException>(() => empty.ResponseStream.MoveNext(CancellationToken.None))).StatusCode);

        using var twice = await Register(channel, Replica, "http://127.0.0.1:5001");
        await twice.RequestStream.WriteAsync(Registration("server-b", "http://127.0.0.1:5002"));
        Assert.Equal(StatusCode.InvalidArgument, (await Assert.ThrowsAsync<RpcException>(() => twice.ResponseStream.MoveNext(CancellationToken.None))).StatusCode);
        Assert.Empty(balancer.Targets.Current.Entries);
    }

    [Fact]
    public async Task A_stream_that_does_not_register_in_time_is_ended()
    {
        await using var balancer = await StartBalancerWith([], "Balancer:RegistrationTimeout=0.05");
        using var channel = Channel(balancer);
        using var lease = Call(channel).Lease();

        var error = await Assert.ThrowsAsync<RpcException>(() => lease.ResponseStream.MoveNext(CancellationToken.None));

        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Bearer ")]
    [InlineData("Bearer wrong")]
    [InlineData("Basic s3cret")]
    public async Task Without_the_key_every_call_is_UNAUTHENTICATED(string? authorization)
    {
        await using var balancer = await StartBalancer();
        await using var h2 = await RawHttp2Connection.ConnectAsync(balancer.Registry);
        (string, string)[] fields = authorization is null ? [] : [("authorization", authorization)];

        foreach (var method in (string[])["Lease", "Drain", "ListTargets", "Nonsense"])
        {
            var stream = await h2.OpenAsync(RawHttp2Connection.GrpcRequest($"/routeguide.registry.v1.Registry/{method}", fields));
            await stream.Ended();

            Assert.Equal("16", stream.GrpcStatus);
            Assert.True(stream.IsTrailersOnly);
            Assert.Contains("authorization", stream.GrpcMessage, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_balancer_without_a_key_lets_nobody_register()
    {
        await using var balancer = await BalancerUnderTest.StartWith([], "REGISTRY_PORT=0");
        using var channel = Channel(balancer);

        var error = await Assert.ThrowsAsync<RpcException>(() => Register(channel, Replica, "http://127.0.0.1:5001"));

        Assert.Equal(StatusCode.Unauthenticated, error.StatusCode);
        Assert.Contains("REGISTRY_KEY", error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Configured_and_leased_targets_are_listed_and_share_the_calls()
    {
        await using var a = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var b = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await StartBalancer(a.Url);
        using var channel = Channel(balancer);
        using var client = BalancerUnderTest.Client();
        using var lease = await Register(channel, Replica, b.Url);

        for (var i = 0; i < 10; i++) Assert.Equal("0", await Status(balancer, client));

        Assert.Equal((5, 5), (a.Calls, b.Calls));
        await Eventually.Until(
            async () => (await Call(channel).ListTargetsAsync(new ListTargetsRequest())).Targets.Select(t => (t.Name, t.Leased, t.Total, t.InFlight))
                .SequenceEqual([(a.Url.Authority, false, 5L, 0), (Replica, true, 5L, 0)]),
            "both are listed with their calls");
    }

    [Fact]
    public async Task The_registry_is_not_reachable_through_the_fronts_and_the_targets_not_through_the_registry()
    {
        await using var target = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await StartBalancer(target.Url);
        (string, string)[] key = [("authorization", $"Bearer {Key}")];
        foreach (var front in (Uri[])[balancer.Tls, balancer.Plaintext])
        {
            var calls = target.Calls;
            await using var h2 = await RawHttp2Connection.ConnectAsync(front);
            // Also when the request says that it means the registry's port.
            var stream = await h2.OpenAsync(Wire.Request(front, "/routeguide.registry.v1.Registry/ListTargets", [(":authority", balancer.Registry.Authority), .. key]), end: true);
            await stream.Ended();

            Assert.Equal("0", stream.GrpcStatus);
            Assert.Equal(calls + 1, target.Calls);
        }

        var before = target.Calls;
        await using var registry = await RawHttp2Connection.ConnectAsync(balancer.Registry);
        var call = await registry.OpenAsync(Wire.Request(balancer.Registry, "/routeguide.RouteGuide/GetFeature", [(":authority", balancer.Tls.Authority), .. key]), end: true);
        await call.Ended();

        Assert.Equal("12", call.GrpcStatus);
        Assert.Equal(before, target.Calls);
    }

    [Fact]
    public async Task A_stopping_balancer_ends_its_leases_at_once_and_keeps_the_targets_for_its_last_calls()
    {
        await using var balancer = await StartBalancer();
        using var channel = Channel(balancer);
        using var lease = await Register(channel, Replica, "http://127.0.0.1:5001");

        await balancer.Stop();

        var error = await Assert.ThrowsAsync<RpcException>(() => lease.ResponseStream.MoveNext(CancellationToken.None));
        Assert.True(error.StatusCode == StatusCode.Unavailable, $"{error.Status}");
        Assert.Single(balancer.Targets.Current.Routable.ToArray());
    }

    private static Task<BalancerUnderTest> StartBalancer(params Uri[] targets) => StartBalancerWith(targets);

    private static Task<BalancerUnderTest> StartBalancerWith(Uri[] targets, params string[] settings) =>
        BalancerUnderTest.StartWith(targets, ["REGISTRY_PORT=0", $"REGISTRY_KEY={Key}", .. settings]);

    private static GrpcChannel Channel(BalancerUnderTest balancer) => GrpcChannel.ForAddress(balancer.Registry);

    private static KeyedClient Call(GrpcChannel channel) => new(channel);

    private static Task<AsyncDuplexStreamingCall<LeaseRequest, LeaseResponse>> Register(GrpcChannel channel, string replica, Uri address) => Register(channel, replica, $"http://{address.Authority}");

    /// <summary>Returns when the lease is granted.</summary>
    private static async Task<AsyncDuplexStreamingCall<LeaseRequest, LeaseResponse>> Register(GrpcChannel channel, string replica, string address)
    {
        var lease = Call(channel).Lease();
        await lease.RequestStream.WriteAsync(Registration(replica, address));
        Assert.True(await lease.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal(LeaseResponse.MessageOneofCase.Granted, lease.ResponseStream.Current.MessageCase);
        return lease;
    }

    private static LeaseRequest Registration(string replica, string address) => new() { Registration = new Registration { Replica = replica, Address = address } };

    private static async Task<string> Status(BalancerUnderTest balancer, HttpMessageInvoker client)
    {
        using var response = await client.SendAsync(balancer.Request(), CancellationToken.None);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await response.Content.ReadAsByteArrayAsync();
        return (response.TrailingHeaders.TryGetValues("grpc-status", out var status) ? status : response.Headers.GetValues("grpc-status")).Single();
    }

    /// <summary>Shows the key with each call.</summary>
    private sealed class KeyedClient(GrpcChannel channel)
    {
        private readonly RouteGuide.Registry.V1.Registry.RegistryClient _client = new(channel);
        private readonly Metadata _key = new() { { "authorization", $"Bearer {Key}" } };

        public AsyncDuplexStreamingCall<LeaseRequest, LeaseResponse> Lease() => _client.Lease(_key);

        public AsyncUnaryCall<DrainResponse> DrainAsync(DrainRequest request) => _client.DrainAsync(request, _key);

        public AsyncUnaryCall<ListTargetsResponse> ListTargetsAsync(ListTargetsRequest request) => _client.ListTargetsAsync(request, _key);
    }
}
