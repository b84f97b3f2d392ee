using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Balancer.Abuse;

/// <summary>An honest client on a connection of its own, which calls without pause as long as it lives.</summary>
internal sealed class Canary : IAsyncDisposable
{
    private readonly RawHttp2Connection _connection;
    private readonly Uri _front;
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _singing;
    private int _songs;

    private Canary(RawHttp2Connection connection, Uri front)
    {
        _connection = connection;
        _front = front;
        _singing = Sing();
    }

    public static async Task<Canary> Fly(BalancerProcess balancer) => new(await RawHttp2Connection.ConnectAsync(balancer.Tls), balancer.Tls);

    /// <summary>Waits until that many calls more have succeeded; none may fail.</summary>
    public async Task Sings(int count = 20)
    {
        var until = Volatile.Read(ref _songs) + count;
        await Eventually.Until(() => _singing.IsCompleted || Volatile.Read(ref _songs) >= until, $"{count} calls of the honest client");
        if (_singing.IsCompleted) await _singing;
    }

    /// <summary>Ends its calls; none has failed.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _singing;
        await _connection.DisposeAsync();
        _ending.Dispose();
    }

    private async Task Sing()
    {
        await Task.Yield();
        while (!_ending.IsCancellationRequested)
        {
            var call = await _connection.OpenAsync(Wire.Request(_front), end: true);
            await call.Ended();
            Assert.True(call.GrpcStatus == "0", $"status {call.GrpcStatus} ({call.GrpcMessage}), reset {call.ResetCode}");
            Interlocked.Increment(ref _songs);
        }
    }
}
