using Grpc.Net.Client;
using Grpc.Net.Client.Configuration;

namespace RouteGuide.Tests.Grpc.Client;

/// <summary>
/// What this library does not have is refused when the channel is made, never ignored. (The official packages support these: there the tests of
/// this class do not apply.)
/// </summary>
public class UnsupportedTests
{
    [Theory]
    [InlineData("dns:///localhost:5000", "dns")]
    [InlineData("static:///x", "static")]
    public void A_scheme_that_needs_a_resolver_is_refused(string address, string scheme)
    {
        var refusal = Assert.Throws<NotSupportedException>(() => GrpcChannel.ForAddress(address));

        Assert.Contains($"'{scheme}'", refusal.Message);
    }

    [Theory]
    [InlineData("ftp://host", "ftp")]
    [InlineData("localhost:5000", "localhost")]
    public void A_scheme_that_nobody_resolves_is_an_invalid_operation(string address, string scheme)
    {
        var refusal = Assert.Throws<InvalidOperationException>(() => GrpcChannel.ForAddress(address));

        Assert.Contains($"'{scheme}'", refusal.Message);
    }

    [Fact]
    public void Hedging_is_refused()
    {
        var config = new ServiceConfig { MethodConfigs = { new MethodConfig { Names = { MethodName.Default }, HedgingPolicy = new HedgingPolicy { MaxAttempts = 2 } } } };

        Assert.Contains("hedging", Refusal(config));
    }

    [Fact]
    public void A_load_balancing_policy_other_than_pick_first_is_refused()
    {
        Assert.Contains("round_robin", Refusal(new ServiceConfig { LoadBalancingConfigs = { new RoundRobinConfig() } }));
        using var channel = GrpcChannel.ForAddress(
            "http://localhost", new GrpcChannelOptions { ServiceConfig = new ServiceConfig { LoadBalancingConfigs = { new PickFirstConfig() } } });
        Assert.NotNull(channel);
    }

    private static string Refusal(ServiceConfig config) =>
        Assert.Throws<NotSupportedException>(() => GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions { ServiceConfig = config })).Message;
}
