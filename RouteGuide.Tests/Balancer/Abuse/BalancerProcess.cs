using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Abuse;

/// <summary>
/// The balancer as its own process, so that what it holds can be measured from outside, with limits short enough to wait for. Its target
/// answers <c>/test.Service/Call</c>, never answers <c>/Hang</c>, and sends without end on <c>/Flood</c>.
/// </summary>
public sealed class BalancerProcess : IAsyncLifetime
{
    /// <summary>Client connections that it takes.</summary>
    public const int MaxConnections = 400;

    /// <summary>Octets that buffers may hold.</summary>
    public const int MemoryBudget = 64 * 1024 * 1024;

    private KestrelTarget? _target;
    private RunningProcess? _process;

    public Uri Plaintext { get; private set; } = null!;

    public Uri Tls { get; private set; } = null!;

    /// <summary>Octets of memory that the process has.</summary>
    public long Resident
    {
        get
        {
            using var process = Process.GetProcessById(_process!.Id);
            return process.WorkingSet64;
        }
    }

    /// <summary>What it has complained of.</summary>
    internal IReadOnlyList<string> Complaints => [.. _process!.Output.Where(l => l.StartsWith("fail", StringComparison.Ordinal)), .. _process.Error];

    public async ValueTask InitializeAsync()
    {
        _target = await KestrelTarget.Start(Answer);
        _process = RunningProcess.StartProject(
            "RouteGuide.Balancer",
            [
                "--urls=https://127.0.0.1:0;http://127.0.0.1:0",
                $"--Kestrel:Certificates:Default:Path={TestCertificate.Path}", $"--Kestrel:Certificates:Default:KeyPath={TestCertificate.KeyPath}",
                $"--Balancer:Targets:0=http://{_target.Url.Authority}", "--Balancer:Loops=1",
                $"--Balancer:Limits:MaxConnections={MaxConnections}", $"--Balancer:Limits:MemoryBudget={MemoryBudget}",
                // As short as can be waited for, and not so short that a target which waits for a processor is taken for a hostile one.
                "--Balancer:Limits:PrefaceTimeout=3", "--Balancer:Limits:HandshakeTimeout=3", "--Balancer:Limits:HeadersTimeout=5", "--Balancer:Limits:SettingsTimeout=5",
                "--Balancer:Limits:StreamStallTimeout=5", "--Balancer:Limits:WriteStallTimeout=5", "--Balancer:ConnectTimeout=20", "--Balancer:Limits:LingerTimeout=0.2",
            ],
            new Dictionary<string, string?> { ["ASPNETCORE_URLS"] = null, ["REGISTRY_PORT"] = null, ["REGISTRY_KEY"] = null });
        Tls = await Url("https://");
        Plaintext = await Url("http://");

        // What it takes to run at all is there before anything is measured.
        await using var canary = await Canary.Fly(this);
        await canary.Sings(500);
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await _process.DisposeAsync();
        if (_target is not null) await _target.DisposeAsync();
    }

    private async Task<Uri> Url(string scheme)
    {
        var line = await _process!.WaitForOutput(l => l.Contains($"Calls are taken on {scheme}", StringComparison.Ordinal), $"it listens on {scheme}");
        return new Uri(line[line.IndexOf(scheme, StringComparison.Ordinal)..]);
    }

    private static async Task Answer(HttpContext context)
    {
        switch (context.Request.Path.Value)
        {
            case "/test.Service/Hang":
                await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                break;
            case "/test.Service/Flood":
                context.Response.ContentType = "application/grpc";
                var piece = new byte[16 * 1024];
                while (!context.RequestAborted.IsCancellationRequested) await context.Response.Body.WriteAsync(piece, context.RequestAborted);
                break;
            default:
                await KestrelTarget.Answer(context);
                break;
        }
    }
}
