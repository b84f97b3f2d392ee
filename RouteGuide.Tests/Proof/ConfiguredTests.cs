using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Http;
using RouteGuide.Tests.Balancer;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Proof;

/// <summary>What the balancer, as a process with a file of settings, makes of targets that come and go by that file, or that answer errors.</summary>
public sealed class ConfiguredTests : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("routeguide-proof-");
    private readonly ConcurrentDictionary<string, KestrelTarget> _targets = new();
    private readonly ConcurrentDictionary<string, bool> _refusing = new();
    private RunningProcess? _balancer;

    private string ConfigurationPath => Path.Combine(_folder.FullName, "balancer.json");

    public async ValueTask DisposeAsync()
    {
        if (_balancer is not null) await _balancer.DisposeAsync();
        foreach (var target in _targets.Values) await target.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Reloads_under_load_cost_no_call()
    {
        using var channel = await Start("a", "b", "c");
        await using var load = new SteadyLoad([channel]);
        await load.Reach(30, "a", "b", "c");

        foreach (var (algorithm, names) in ((string, string[])[])[
            ("least_outstanding_requests", ["a", "b"]), ("round_robin", ["b", "c"]), ("power_of_two_choices", ["c", "a"]), ("weighted_random", ["a", "b", "c"]), ("round_robin", ["b"])])
        {
            Configure(algorithm, names);
            // The new ones have calls, and the old ones none any more.
            await load.Reach(30, names);
            var gone = _targets.Keys.Except(names).ToList();
            await Eventually.Until(
                async () =>
                {
                    var from = SteadyLoad.Now;
                    await load.Reach(30);
                    return !load.Calls.Any(c => c.Begun >= from && gone.Contains(c.Replica!));
                },
                $"no calls to [{string.Join(", ", gone)}] any more");
        }

        // And a file that cannot be used changes nothing.
        var broken = SteadyLoad.Now;
        File.WriteAllText(ConfigurationPath, """{ "Balancer": { "TargetGroups": { "default": { "Protocoll": "HTTP" } } } }""");
        await _balancer!.WaitForOutput(l => l.Contains("Protocoll", StringComparison.Ordinal), "the mistake is told");
        await load.Reach(50, "b");
        await load.Stop();

        Assert.All(load.Calls.Where(c => c.Begun >= broken), call => Assert.Equal("b", call.Replica));
        Assert.Empty(load.Failed);
    }

    [Fact]
    public async Task A_replica_that_answers_errors_is_routed_around()
    {
        using var channel = await Start("a", "b", "c");
        await using var load = new SteadyLoad([channel]);
        await load.Reach(30, "a", "b", "c");
        Assert.Empty(load.Failed);

        _refusing["b"] = true;
        await Eventually.Until(() => load.Failed.Count > 0, "it is noticed");
        // Ejected after five failures in a row; calls that were on their way may fail too.
        await load.Reach(100, "a", "c");
        Assert.InRange(load.Failed.Count, 1, 5 + SteadyLoad.Callers);
        Assert.All(load.Failed, call => Assert.Equal(StatusCode.ResourceExhausted, call.Status.StatusCode));

        _refusing["b"] = false;
        await load.Reach(30, "b");
    }

    private async Task<GrpcChannel> Start(params string[] names)
    {
        foreach (var name in names) _targets[name] = await KestrelTarget.Start(context => Serve(name, context));
        Configure("round_robin", names);
        _balancer = RunningProcess.StartProject(
            "RouteGuide.Balancer",
            ["--urls=http://127.0.0.1:0", $"--Balancer:ConfigurationFile={ConfigurationPath}", "--Balancer:ConfigurationReloadInterval=0.1"],
            new Dictionary<string, string?> { ["ASPNETCORE_URLS"] = null, ["REGISTRY_PORT"] = null });
        var line = await _balancer.WaitForOutput(l => l.Contains("Calls are taken on ", StringComparison.Ordinal), "it listens");
        return GrpcChannel.ForAddress(line[line.IndexOf("http://", StringComparison.Ordinal)..].Trim());
    }

    // Moved into its place whole, as editors and Kubernetes do.
    private void Configure(string algorithm, params string[] names)
    {
        var settings = new
        {
            Balancer = new
            {
                TargetGroups = new Dictionary<string, object>
                {
                    ["default"] = new
                    {
                        Targets = names.Select(n => $"http://{_targets[n].Url.Authority}"),
                        Attributes = new Dictionary<string, object> { ["load_balancing.algorithm.type"] = algorithm, ["outlier_detection.base_ejection_seconds"] = 1 },
                    },
                },
            },
        };
        File.WriteAllText(ConfigurationPath + ".new", JsonSerializer.Serialize(settings));
        File.Move(ConfigurationPath + ".new", ConfigurationPath, overwrite: true);
    }

    private Task Serve(string name, HttpContext context)
    {
        context.Response.Headers["x-routeguide-replica"] = name;
        if (!_refusing.GetValueOrDefault(name)) return KestrelTarget.Answer(context);
        context.Response.ContentType = "application/grpc";
        context.Response.Headers["grpc-status"] = ((int)StatusCode.ResourceExhausted).ToString(CultureInfo.InvariantCulture);
        return Task.CompletedTask;
    }
}
