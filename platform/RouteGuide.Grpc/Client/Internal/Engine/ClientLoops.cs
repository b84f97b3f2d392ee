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

    private static readonly Lock Gate = new();
    private static ClientLoop[] _loops = [];
    private static int _turn;

    public static ClientLoop Next()
    {
        lock (Gate)
        {
            if (_loops.Length == 0) _loops = Start();
            return _loops[(int)((uint)_turn++ % _loops.Length)];
        }
    }

    private static ClientLoop[] Start()
    {
        var count = Math.Clamp(Environment.ProcessorCount / CoresPerLoop, 1, MaxLoops);
        var group = new LoopGroup("grpc loop", count, portable: false, TimeProvider.System, static e => ClientEventSource.Log.LoopFailed(e.ToString()));
        ClientLoop[] loops = [.. group.Loops.Select(loop => new ClientLoop(loop))];
        group.Start();
        return loops;
    }
}
