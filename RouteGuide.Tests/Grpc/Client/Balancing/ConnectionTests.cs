using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Grpc.Core;
using Grpc.HealthCheck;
using Grpc.Net.Client;
using Grpc.Net.Client.Balancer;
using Grpc.Net.Client.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Routeguide;
using RouteGuide.Tests.Grpc.Server;
using RouteGuide.Tests.Support;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace RouteGuide.Tests.Grpc.Client.Balancing;

/// <summary>Connections of a balanced channel: their states, waiting for them, and the health of those behind them.</summary>
public sealed class ConnectionTests
{
    [Fact]
    public async Task A_server_that_is_not_there_fails_calls_and_is_tried_again_until_it_is()
    {
        using var port = new ReservedPort();
        using var channel = Servers.Connect(
            new ServiceConfig { LoadBalancingConfigs = { new RoundRobinConfig() } }, _ => [new BalancerAddress("127.0.0.1", port.Number)]);

        var failure = await ByteCalls.Failure(() => Servers.CallOnce(channel));
        Assert.Equal((StatusCode.Unavailable, "Error connecting to subchannel."), (failure.StatusCode, failure.Status.Detail));

        port.Listen();
        await Servers.WaitFor(channel, 1);
        Assert.Equal(ConnectivityState.Ready, channel.State);
    }

    [Fact]
    public async Task A_disposed_channel_is_shut_down_and_ends_what_waits()
    {
        using var port = new ReservedPort();
        var channel = Servers.Connect(null, _ => [new BalancerAddress("127.0.0.1", port.Number)]);
        var waiting = Servers.CallOnce(channel, new CallOptions().WithWaitForReady());

        channel.Dispose();

        Assert.Equal(StatusCode.Cancelled, (await ByteCalls.Failure(() => waiting)).StatusCode);
        Assert.Equal(ConnectivityState.Shutdown, channel.State);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => channel.ConnectAsync());
    }

    [Fact]
    public async Task The_meter_shows_each_servers_state_and_calls()
    {
        await using var servers = await Servers.Start(2);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        servers.Before[0] = servers.Before[1] = _ => release.Task;
        using var channel = servers.Connect(new RoundRobinConfig());
        await Servers.WaitFor(channel, 2);
        Task<int>[] calls = [Servers.CallOnce(channel), Servers.CallOnce(channel)];
        await Eventually.Until(() => channel.GetSubchannels().All(s => s.CallsInFlight == 1), "a call is with each server", Servers.Patience);

        var seen = new ConcurrentDictionary<(string Instrument, string Address), long>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Meter.Name == "Grpc.Net.Client" && instrument.IsObservable) l.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
            seen[(instrument.Name, tags.ToArray().Single(t => t.Key == "server.address").Value as string ?? "")] = value);
        listener.Start();
        listener.RecordObservableInstruments();

        foreach (var address in (string[])[servers.AddressOf(0).ToString(), servers.AddressOf(1).ToString()])
        {
            Assert.Equal((long)ConnectivityState.Ready, seen[("grpc.client.subchannel.state", address)]);
            Assert.Equal(1, seen[("grpc.client.subchannel.calls", address)]);
        }

        release.SetResult();
        await Task.WhenAll(calls);
    }

    [Fact]
    public async Task Servers_that_say_they_are_not_healthy_get_no_calls_until_they_are()
    {
        await using var a = await Healthy.Start("a");
        await using var b = await Healthy.Start("b");
        b.Health.SetStatus("", ServingStatus.NotServing);
        var config = new ServiceConfig { LoadBalancingConfigs = { new RoundRobinConfig() } };
        config.Inner["healthCheckConfig"] = new Dictionary<string, object> { ["serviceName"] = "" };
        using var channel = Servers.Connect(config, _ => [a.Address, b.Address]);
        var client = new Routeguide.RouteGuide.RouteGuideClient(channel);

        await Eventually.Until(
            () => channel.GetSubchannels() is [{ State: ConnectivityState.Ready }, { State: ConnectivityState.TransientFailure } refused] && refused.Detail.Contains("NotServing", StringComparison.Ordinal)
                || Connect(channel),
            "one is healthy and the other is known not to be",
            Servers.Patience);
        for (var i = 0; i < 6; i++) Assert.Equal("a", (await client.GetFeatureAsync(new Point())).Name);

        b.Health.SetStatus("", ServingStatus.Serving);
        await Servers.WaitFor(channel, 2);
        a.Health.SetStatus("", ServingStatus.NotServing);
        await Servers.WaitFor(channel, 1, ConnectivityState.TransientFailure);
        for (var i = 0; i < 6; i++) Assert.Equal("b", (await client.GetFeatureAsync(new Point())).Name);

        b.Health.SetStatus("", ServingStatus.NotServing);
        await Servers.WaitFor(channel, 2, ConnectivityState.TransientFailure);
        var failure = await Assert.ThrowsAsync<RpcException>(async () => await client.GetFeatureAsync(new Point()));
        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.Contains("NotServing", failure.Status.Detail);
    }

    [Fact]
    public async Task A_server_without_the_health_service_counts_as_healthy_and_pick_first_does_not_ask()
    {
        await using var plain = await GrpcHost.ServeAsync(new ScriptedRouteGuide());
        await using var ill = await Healthy.Start("ill");
        ill.Health.SetStatus("", ServingStatus.NotServing);
        foreach (var (policy, address) in ((LoadBalancingConfig, BalancerAddress)[])
                 [(new RoundRobinConfig(), new BalancerAddress("127.0.0.1", plain.Address.Port)), (new PickFirstConfig(), ill.Address)])
        {
            var config = new ServiceConfig { LoadBalancingConfigs = { policy } };
            config.Inner["healthCheckConfig"] = new Dictionary<string, object> { ["serviceName"] = "" };
            using var channel = Servers.Connect(config, _ => [address]);
            Assert.NotNull(await new Routeguide.RouteGuide.RouteGuideClient(channel).GetFeatureAsync(new Point()));
        }
    }

    private static bool Connect(GrpcChannel channel)
    {
        _ = channel.ConnectAsync();
        return false;
    }

    /// <summary>A server with a name and the health service.</summary>
    private sealed class Healthy(GrpcHost host, HealthServiceImpl health) : IAsyncDisposable
    {
        public HealthServiceImpl Health => health;

        public BalancerAddress Address => new("127.0.0.1", host.Address.Port);

        public static async Task<Healthy> Start(string name)
        {
            var health = new HealthServiceImpl();
            health.SetStatus("", ServingStatus.Serving);
            var host = await GrpcHost.StartAsync(
                services =>
                {
                    services.AddGrpc();
                    services.AddSingleton(health);
                    services.AddSingleton(new ScriptedRouteGuide { Unary = (_, _) => Task.FromResult(new Feature { Name = name }) });
                },
                app =>
                {
                    app.MapGrpcService<HealthServiceImpl>();
                    app.MapGrpcService<ScriptedRouteGuide>();
                });
            return new Healthy(host, health);
        }

        public ValueTask DisposeAsync() => host.DisposeAsync();
    }
}
