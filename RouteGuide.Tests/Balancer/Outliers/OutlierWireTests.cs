using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Outliers;

/// <summary>Outlier detection with its defaults, on the way that calls take.</summary>
public sealed class OutlierWireTests
{
    [Theory]
    [InlineData("8", 2)]
    [InlineData("14", 2)]
    [InlineData("14", 3)]
    public async Task A_replica_that_answers_with_an_error_is_routed_around_after_five_calls(string status, int targets)
    {
        await using var bad = await KestrelTarget.Start(context =>
        {
            context.Response.ContentType = "application/grpc";
            context.Response.Headers["grpc-status"] = status;
            return Task.CompletedTask;
        });
        var good = new List<KestrelTarget>();
        for (var i = 1; i < targets; i++) good.Add(await KestrelTarget.Start(KestrelTarget.Answer));
        await using var balancer = await BalancerUnderTest.Start([bad.Url, .. good.Select(g => g.Url)]);
        using var client = BalancerUnderTest.Client();

        for (var i = 0; i < 100; i++) await Call(balancer, client);

        Assert.Equal(5, bad.Calls);
        Assert.Equal(95, good.Sum(g => g.Calls));
        Assert.Contains("5 calls in a row failed", balancer.Targets.Current.Entries[0].Ejected, StringComparison.Ordinal);
        foreach (var target in good) await target.DisposeAsync();
    }

    [Fact]
    public async Task A_replica_that_resets_every_call_is_routed_around()
    {
        await using var bad = RawTarget.Start((_, stream) => stream.ResetAsync(2));
        await using var good = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await BalancerUnderTest.Start(bad.Url, good.Url);
        using var client = BalancerUnderTest.Client();

        for (var i = 0; i < 50; i++) await Call(balancer, client);

        Assert.Equal(45, good.Calls);
    }

    [Fact]
    public async Task What_clients_do_wrong_ejects_nobody()
    {
        await using var strict = await KestrelTarget.Start(context =>
        {
            context.Response.ContentType = "application/grpc";
            context.Response.Headers["grpc-status"] = "3";
            return Task.CompletedTask;
        });
        await using var other = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await BalancerUnderTest.Start(strict.Url, other.Url);
        using var client = BalancerUnderTest.Client();

        for (var i = 0; i < 50; i++) await Call(balancer, client);

        Assert.Equal((25, 25), (strict.Calls, other.Calls));
    }

    [Fact]
    public async Task Where_it_is_off_a_replica_that_fails_keeps_its_turns()
    {
        await using var bad = await KestrelTarget.Start(context =>
        {
            context.Response.ContentType = "application/grpc";
            context.Response.Headers["grpc-status"] = "14";
            return Task.CompletedTask;
        });
        await using var good = await KestrelTarget.Start(KestrelTarget.Answer);
        await using var balancer = await BalancerUnderTest.StartWith([bad.Url, good.Url], "Balancer:TargetGroups:default:Attributes:outlier_detection.enabled=false");
        using var client = BalancerUnderTest.Client();

        for (var i = 0; i < 50; i++) await Call(balancer, client);

        Assert.Equal((25, 25), (bad.Calls, good.Calls));
    }

    [Fact]
    public async Task Server_errors_of_HTTP1_count_too()
    {
        await using var bad = await KestrelTarget.Start(
            context =>
            {
                context.Response.StatusCode = 503;
                return Task.CompletedTask;
            },
            protocols: HttpProtocols.Http1);
        await using var good = await KestrelTarget.Start(_ => Task.CompletedTask, protocols: HttpProtocols.Http1);
        await using var balancer = await BalancerUnderTest.StartWith(
            [], $"Balancer:TargetGroups:web:Targets:0={bad.Url}", $"Balancer:TargetGroups:web:Targets:1={good.Url}", "Balancer:DefaultHttpGroup=web");
        using var client = new HttpClient();

        for (var i = 0; i < 50; i++) using (await client.GetAsync(balancer.Plaintext).WaitAsync(Eventually.Patience)) { }

        await Eventually.Until(() => good.Calls + bad.Calls == 50, "all calls have arrived");
        // What becomes of a request is told when it has ended, which the client may learn a little earlier.
        Assert.InRange(bad.Calls, 5, 6);
    }

    internal static async Task<string> Call(BalancerUnderTest balancer, HttpMessageInvoker client, params (string Name, string Value)[] headers)
    {
        using var request = balancer.Request();
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var response = await client.SendAsync(request, CancellationToken.None).WaitAsync(Eventually.Patience);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await response.Content.ReadAsByteArrayAsync();
        return response.Headers.TryGetValues("grpc-status", out var early) ? early.Single() : response.TrailingHeaders.GetValues("grpc-status").Single();
    }
}
