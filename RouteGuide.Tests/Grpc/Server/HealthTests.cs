using Google.Protobuf;
using Grpc.AspNetCore.HealthChecks;
using Grpc.Health.V1;
using Grpc.HealthCheck;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using RouteGuide.Tests.Support;
using static Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;
using static RouteGuide.Tests.Support.RawHttp2Connection;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace RouteGuide.Tests.Grpc.Server;

/// <summary>The health service: over the application's health checks, and by itself.</summary>
public sealed class HealthTests
{
    private const string Check = "/grpc.health.v1.Health/Check";
    private const string Watch = "/grpc.health.v1.Health/Watch";

    private volatile object _now = HealthCheckResult.Healthy();

    [Fact]
    public async Task Check_runs_the_health_checks_at_call_time()
    {
        await using var host = await StartAsync();
        await using var h2 = await host.ConnectAsync();
        Assert.Equal(Serving, await CheckAsync(h2, ""));
        _now = HealthCheckResult.Unhealthy();
        Assert.Equal(NotServing, await CheckAsync(h2, ""));
        _now = HealthCheckResult.Degraded();
        Assert.Equal(Serving, await CheckAsync(h2, ""));
    }

    [Fact]
    public async Task A_mapping_picks_the_checks_of_a_service_and_one_without_checks_is_unknown()
    {
        await using var host = await StartAsync(options =>
        {
            options.Services.Map("routeguide.RouteGuide", check => check.Tags.Contains("db"));
            options.Services.Map("other.Service", check => check.Name == "always well");
            options.Services.Map("empty.Service", _ => false);
        });
        await using var h2 = await host.ConnectAsync();
        _now = HealthCheckResult.Unhealthy();
        Assert.Equal(NotServing, await CheckAsync(h2, "routeguide.RouteGuide"));
        Assert.Equal(Serving, await CheckAsync(h2, "other.Service"));
        Assert.Equal(Unknown, await CheckAsync(h2, "empty.Service"));
    }

    [Fact]
    public async Task Check_of_an_unknown_service_is_NOT_FOUND_without_a_message()
    {
        await using var host = await StartAsync();
        await using var h2 = await host.ConnectAsync();
        var call = await CallAsync(h2, Check, "no.such.Service");
        await call.Ended();
        Assert.True(call.IsTrailersOnly);
        Assert.Equal("5", call.GrpcStatus);
        Assert.Null(call.GrpcMessage);
    }

    [Fact]
    public async Task Watch_sends_the_status_now_and_each_change()
    {
        await using var host = await StartAsync();
        await using var h2 = await host.ConnectAsync();
        var call = await CallAsync(h2, Watch, "");
        await call.HasMessages(1);
        var statuses = host.Services.GetRequiredService<HealthServiceImpl>();
        statuses.SetStatus("", NotServing);
        await call.HasMessages(2);
        statuses.SetStatus("", NotServing);
        statuses.SetStatus("", Serving);
        await call.HasMessages(3);
        Assert.Equal([Serving, NotServing, Serving], Statuses(call));
        Assert.False(call.HasEnded);
    }

    [Fact]
    public async Task Watchers_hear_of_a_change_that_a_check_found()
    {
        await using var host = await StartAsync();
        await using var h2 = await host.ConnectAsync();
        var call = await CallAsync(h2, Watch, "");
        await call.HasMessages(1);
        _now = HealthCheckResult.Unhealthy();
        Assert.Equal(NotServing, await CheckAsync(h2, ""));
        await call.HasMessages(2);
        Assert.Equal([Serving, NotServing], Statuses(call));
    }

    [Fact]
    public async Task Watch_of_an_unknown_service_stays_open_until_it_is_known()
    {
        await using var host = await StartAsync();
        await using var h2 = await host.ConnectAsync();
        var call = await CallAsync(h2, Watch, "late.Service");
        await call.HasMessages(1);
        Assert.Equal([ServiceUnknown], Statuses(call));
        host.Services.GetRequiredService<HealthServiceImpl>().SetStatus("late.Service", Serving);
        await call.HasMessages(2);
        Assert.Equal([ServiceUnknown, Serving], Statuses(call));
    }

    [Fact]
    public async Task A_stopping_server_tells_watchers_NOT_SERVING_and_lets_them_go()
    {
        await using var host = await StartAsync();
        await using var h2 = await host.ConnectAsync();
        var call = await CallAsync(h2, Watch, "");
        await call.HasMessages(1);
        host.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        await call.Ended();
        Assert.Equal([Serving, NotServing], Statuses(call));
        Assert.Equal("0", call.GrpcStatus);
    }

    [Fact]
    public async Task A_stopping_server_keeps_its_watchers_if_the_options_say_so()
    {
        await using var host = await StartAsync(options => options.SuppressCompletionOnShutdown = true);
        await using var h2 = await host.ConnectAsync();
        var call = await CallAsync(h2, Watch, "");
        await call.HasMessages(1);
        host.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        Assert.Equal(Serving, await CheckAsync(h2, ""));
        host.Services.GetRequiredService<HealthServiceImpl>().SetStatus("", NotServing);
        await call.HasMessages(2);
        Assert.Equal([Serving, NotServing], Statuses(call));
        Assert.False(call.HasEnded);
    }

    [Fact]
    public async Task The_published_results_answer_when_the_cache_is_used()
    {
        await using var host = await StartAsync(options => options.UseHealthChecksCache = true);
        await using var h2 = await host.ConnectAsync();
        var publisher = host.Services.GetServices<IHealthCheckPublisher>().Single(p => p.GetType().Namespace!.StartsWith("Grpc", StringComparison.Ordinal));
        var report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();
        await publisher.PublishAsync(report, CancellationToken.None);
        _now = HealthCheckResult.Unhealthy();
        Assert.Equal(Serving, await CheckAsync(h2, ""));
    }

    [Fact]
    public async Task The_service_alone_answers_with_the_statuses_that_were_set()
    {
        var statuses = new HealthServiceImpl();
        statuses.SetStatus("a.Service", Serving);
        await using var host = await GrpcHost.StartAsync(
            services =>
            {
                services.AddGrpc();
                services.AddSingleton(statuses);
            },
            app => app.MapGrpcService<HealthServiceImpl>());
        await using var h2 = await host.ConnectAsync();
        Assert.Equal(Serving, await CheckAsync(h2, "a.Service"));
        var watch = await CallAsync(h2, Watch, "a.Service");
        await watch.HasMessages(1);
        statuses.ClearAll();
        await watch.HasMessages(2);
        Assert.Equal([Serving, ServiceUnknown], Statuses(watch));
        var gone = await CallAsync(h2, Check, "a.Service");
        await gone.Ended();
        Assert.Equal("5", gone.GrpcStatus);
    }

    private Task<GrpcHost> StartAsync(Action<GrpcHealthChecksOptions>? options = null) => GrpcHost.StartAsync(
        services =>
        {
            services.AddGrpc();
            services.AddGrpcHealthChecks(options ?? (_ => { }))
                .AddCheck("database", () => (HealthCheckResult)_now, ["db"])
                .AddCheck("always well", () => HealthCheckResult.Healthy());
        },
        app => app.MapGrpcHealthChecksService());

    private static async Task<ServingStatus> CheckAsync(RawHttp2Connection h2, string service)
    {
        var call = await CallAsync(h2, Check, service);
        await call.Ended();
        Assert.Equal("0", call.GrpcStatus);
        return Assert.Single(Statuses(call));
    }

    private static async Task<RawHttp2Stream> CallAsync(RawHttp2Connection h2, string path, string service)
    {
        var call = await h2.OpenAsync(GrpcRequest(path));
        await call.SendMessageAsync(new HealthCheckRequest { Service = service }.ToByteArray(), end: true);
        return call;
    }

    private static ServingStatus[] Statuses(RawHttp2Stream call) => [.. call.Messages.Select(m => HealthCheckResponse.Parser.ParseFrom(m.Payload).Status)];
}
