using RouteGuide.Http2.Transport;

namespace Grpc.Net.Client.Internal.Engine;

/// <summary>
/// The event loops of the process's channels: begun with the first channel that connects, and asleep while nothing happens. Few, as one carries
/// some hundred thousand calls a second, and the more calls share a turn, the less each of them costs.
/// </summary>
internal static class ClientLoops
{
    private const int CoresPerLoop = 2;
    private const int MaxLoops = 4;

    private static readonly Lazy<ClientLoop[]> Loops = new(Start);
    private static uint _turn = uint.MaxValue;

    public static ClientLoop Next()
    {
        var loops = Loops.Value;
        return loops[Interlocked.Increment(ref _turn) % (uint)loops.Length];
    }

    private static ClientLoop[] Start()
    {
        var count = Math.Clamp(Environment.ProcessorCount / CoresPerLoop, 1, MaxLoops);
        var group = new LoopGroup("grpc loop", count, portable: false, TimeProvider.System, static e => ClientEventSource.Log.LoopFailed(e.ToString()));
        ClientLoop[] loops = [.. group.Loops.Select(loop => new ClientLoop(loop))];
        // The first caller's async-local values must not live as long as the threads.
        using (ExecutionContext.SuppressFlow()) group.Start();
        return loops;
    }
}
