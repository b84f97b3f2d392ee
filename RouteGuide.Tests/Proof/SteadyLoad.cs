using System.Collections.Concurrent;
using System.Diagnostics;
using Grpc.Core;
using Grpc.Net.Client;
using Routeguide;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Proof;

/// <summary>A call that has ended.</summary>
/// <param name="Begun">When, by the stopwatch.</param>
/// <param name="Replica">Who answered; null if nobody did.</param>
/// <param name="Status">How.</param>
internal sealed record LoadCall(long Begun, string? Replica, Status Status)
{
    public bool IsGood => Status.StatusCode == StatusCode.OK;
}

/// <summary>Callers that call and pause without end, a few hundred calls a second in all, and keep what became of each call.</summary>
internal sealed class SteadyLoad : IAsyncDisposable
{
    /// <summary>Calls that run at one time at most.</summary>
    public const int Callers = 8;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentQueue<LoadCall> _calls = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Routeguide.RouteGuide.RouteGuideClient[] _clients;
    private readonly TimeSpan _deadline;
    private readonly Task _running;

    /// <param name="channels">The callers share them.</param>
    /// <param name="deadline">Of each call; so long that it is met unless something is wrong.</param>
    public SteadyLoad(IEnumerable<GrpcChannel> channels, TimeSpan? deadline = null)
    {
        _clients = [.. channels.Select(c => new Routeguide.RouteGuide.RouteGuideClient(c))];
        _deadline = deadline ?? Eventually.Patience;
        _running = Task.WhenAll(Enumerable.Range(0, Callers).Select(i => Task.Run(() => Run(_clients[i % _clients.Length]))));
    }

    /// <summary>Those that have ended.</summary>
    public IReadOnlyCollection<LoadCall> Calls => _calls;

    /// <summary>Those that failed, to be shown.</summary>
    public IReadOnlyList<LoadCall> Failed => [.. _calls.Where(c => !c.IsGood)];

    /// <summary>A moment to compare <see cref="LoadCall.Begun"/> with.</summary>
    public static long Now => Stopwatch.GetTimestamp();

    /// <summary>Returns when so many calls that have begun from now on have gone well, with each of these replicas among those that answered.</summary>
    public Task Reach(int more, params string[] replicas)
    {
        var from = Now;
        return Eventually.Until(
            () =>
            {
                var good = _calls.Where(c => c.IsGood && c.Begun >= from).ToList();
                return good.Count >= more && replicas.All(r => good.Exists(c => c.Replica == r));
            },
            $"{more} more calls go well, some of them at [{string.Join(", ", replicas)}]; failed were {string.Join("; ", Failed.TakeLast(3))}");
    }

    /// <summary>Ends it; calls that run end in order.</summary>
    public async Task Stop()
    {
        await _stop.CancelAsync();
        await _running;
    }

    public async ValueTask DisposeAsync()
    {
        await Stop();
        _stop.Dispose();
    }

    private async Task Run(Routeguide.RouteGuide.RouteGuideClient client)
    {
        while (!_stop.IsCancellationRequested)
        {
            var begun = Now;
            using var call = client.GetFeatureAsync(new Point(), deadline: DateTime.UtcNow + _deadline);
            try
            {
                await call;
                var replica = (await call.ResponseHeadersAsync).GetValue("x-routeguide-replica");
                _calls.Enqueue(new LoadCall(begun, replica, Status.DefaultSuccess));
            }
            catch (RpcException e)
            {
                _calls.Enqueue(new LoadCall(begun, null, e.Status));
            }

            await Task.Delay(Pause, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
