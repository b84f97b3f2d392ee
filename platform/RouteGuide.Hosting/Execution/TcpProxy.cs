using System.Buffers;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;

namespace Aspire.Hosting.Execution;

/// <summary>
/// Listens in front of the replicas of an endpoint and passes each connection on to one of them, chosen at random. Connections that come
/// before any replica runs are parked: what they send stays in the kernel's buffers, which bounds it.
/// </summary>
internal sealed class TcpProxy : IAsyncDisposable
{
    private const int MaxParked = 20;
    private const int MaxConnections = 4096;
    private const int BufferSize = 32 * 1024;
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LastRetry = TimeSpan.FromSeconds(1);

    private readonly IReadOnlyList<Socket> _listeners;
    private readonly CancellationTokenSource _end = new();
    private readonly Task[] _accepting;
    private readonly Lock _gate = new();
    private ImmutableArray<int> _targets = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _connections;
    private int _parked;

    private TcpProxy(IReadOnlyList<Socket> listeners, int port)
    {
        _listeners = listeners;
        Port = port;
        _accepting = [.. listeners.Select(l => Task.Run(() => AcceptAsync(l)))];
    }

    /// <summary>The port that it listens on.</summary>
    public int Port { get; }

    /// <summary>Begins to listen on loopback.</summary>
    /// <exception cref="SocketException">The port is in use.</exception>
    public static TcpProxy Listen(int port) => new(PortPicker.Listen(port), port);

    /// <summary>A replica runs: connections may go there.</summary>
    public void AddTarget(int port)
    {
        lock (_gate)
        {
            _targets = _targets.Add(port);
            _changed.TrySetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>A replica has ended: no new connections go there.</summary>
    public void RemoveTarget(int port)
    {
        lock (_gate) _targets = _targets.Remove(port);
    }

    /// <summary>Stops to listen and breaks off all connections.</summary>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        foreach (var listener in _listeners) listener.Dispose();
        await Task.WhenAll(_accepting).ConfigureAwait(false);
        _end.Dispose();
    }

    private async Task AcceptAsync(Socket listener)
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                var client = await listener.AcceptAsync(_end.Token).ConfigureAwait(false);
                if (Interlocked.Increment(ref _connections) > MaxConnections)
                {
                    Interlocked.Decrement(ref _connections);
                    Abort(client);
                }
                else
                {
                    _ = ServeAsync(client);
                }
            }
            catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // The client is gone already, or this process has no descriptor to spare: neither must end the proxy.
                await Task.Delay(FirstRetry).ConfigureAwait(false);
            }
        }
    }

    private async Task ServeAsync(Socket client)
    {
        var token = _end.Token;
        try
        {
            using (client)
            {
                client.NoDelay = true;
                using var target = await ConnectAsync(client, token).ConfigureAwait(false);
                if (target is null)
                {
                    Abort(client);
                    return;
                }

                target.NoDelay = true;
                await Task.WhenAll(CopyAsync(client, target, token), CopyAsync(target, client, token)).ConfigureAwait(false);
            }
        }
        catch (Exception ended) when (ended is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // One side broke off: so does the other.
        }
        finally
        {
            Interlocked.Decrement(ref _connections);
        }
    }

    private async Task<Socket?> ConnectAsync(Socket client, CancellationToken cancellationToken)
    {
        var patience = DateTime.UtcNow + ConnectPatience;
        var retry = FirstRetry;
        while (true)
        {
            ImmutableArray<int> targets;
            Task changed;
            lock (_gate) (targets, changed) = (_targets, _changed.Task);
            if (targets.IsEmpty)
            {
                if (!await ParkAsync(client, changed, cancellationToken).ConfigureAwait(false)) return null;
                patience = DateTime.UtcNow + ConnectPatience;
                continue;
            }

            if (await TryConnectAsync(targets[Random.Shared.Next(targets.Length)], cancellationToken).ConfigureAwait(false) is { } connected) return connected;

            // The replica's process runs and does not listen yet, or not any more.
            if (DateTime.UtcNow > patience || HasLeft(client)) return null;
            await Task.Delay(retry, cancellationToken).ConfigureAwait(false);
            retry = retry * 2 < LastRetry ? retry * 2 : LastRetry;
        }
    }

    private async Task<bool> ParkAsync(Socket client, Task changed, CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _parked) > MaxParked)
        {
            Interlocked.Decrement(ref _parked);
            return false;
        }

        try
        {
            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _parked);
        }

        return !HasLeft(client);
    }

    private static async Task<Socket?> TryConnectAsync(int port, CancellationToken cancellationToken)
    {
        foreach (var address in new[] { IPAddress.Loopback, IPAddress.IPv6Loopback })
        {
            if (address.AddressFamily == AddressFamily.InterNetworkV6 && !Socket.OSSupportsIPv6) continue;
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                limit.CancelAfter(ConnectTimeout);
                await socket.ConnectAsync(new IPEndPoint(address, port), limit.Token).ConfigureAwait(false);
                return socket;
            }
            catch (Exception refused) when (refused is SocketException || (refused is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                socket.Dispose();
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        return null;
    }

    /// <summary>Copies until the sender has no more, and passes that on; the other direction may go on.</summary>
    private static async Task CopyAsync(Socket from, Socket to, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            while (await from.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var count)
            {
                for (var sent = 0; sent < count;) sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), cancellationToken).ConfigureAwait(false);
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch
        {
            Abort(from);
            Abort(to);
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static bool HasLeft(Socket client)
    {
        try
        {
            return client.Poll(0, SelectMode.SelectRead) && client.Available == 0;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    /// <summary>Closes with a reset, so that the other side cannot take it for a proper end.</summary>
    private static void Abort(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception closed) when (closed is SocketException or ObjectDisposedException)
        {
            // It is closed already.
        }

        socket.Dispose();
    }
}
