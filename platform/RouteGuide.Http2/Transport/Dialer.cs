using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace RouteGuide.Http2.Transport;

/// <summary>
/// Connects to whichever address of a name answers first: each gets a moment before the next one is tried beside it (RFC 8305), so that a
/// family of addresses that leads nowhere costs a moment and not the whole timeout.
/// </summary>
internal static class Dialer
{
    private static readonly TimeSpan HeadStart = TimeSpan.FromMilliseconds(250);

    /// <summary>Connects to a host.</summary>
    /// <param name="host">A name or an address.</param>
    /// <param name="port">1 to 65535.</param>
    /// <param name="timeout">For all addresses of the name together, its look-up included.</param>
    /// <exception cref="SocketException">The name is not known, nobody answers, or not in time.</exception>
    public static async Task<Socket> ConnectAsync(string host, int port, TimeSpan timeout)
    {
        var began = Stopwatch.GetTimestamp();
        var addresses = await ResolveAsync(host, timeout).ConfigureAwait(false);
        var race = new Race(addresses, port);
        // What is near answers at once. The others are waited for on a thread of their own, as an asynchronous operation would register the
        // socket with the framework's own poller for good.
        return race.Step(TimeSpan.Zero)
            ?? await Task.Factory.StartNew(() => race.Run(timeout - Stopwatch.GetElapsedTime(began)), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
    }

    private static async Task<IReadOnlyList<IPAddress>> ResolveAsync(string host, TimeSpan timeout)
    {
        if (IPAddress.TryParse(host, out var literal)) return [literal];
        using var limit = new CancellationTokenSource(timeout);
        try
        {
            var addresses = await Dns.GetHostAddressesAsync(host, limit.Token).ConfigureAwait(false);
            return addresses.Length > 0 ? Alternate(addresses) : throw new SocketException((int)SocketError.HostNotFound);
        }
        catch (OperationCanceledException)
        {
            throw new SocketException((int)SocketError.TimedOut);
        }
    }

    // The family that the system prefers first, then in turn.
    private static List<IPAddress> Alternate(IPAddress[] addresses)
    {
        var (first, second) = (addresses.Where(a => a.AddressFamily == addresses[0].AddressFamily).ToList(), addresses.Where(a => a.AddressFamily != addresses[0].AddressFamily).ToList());
        var mixed = new List<IPAddress>(addresses.Length);
        for (var i = 0; i < Math.Max(first.Count, second.Count); i++)
        {
            if (i < first.Count) mixed.Add(first[i]);
            if (i < second.Count) mixed.Add(second[i]);
        }

        return mixed;
    }

    /// <summary>The attempts that are under way.</summary>
    private sealed class Race(IReadOnlyList<IPAddress> addresses, int port)
    {
        private readonly List<Socket> _running = [];
        private int _next;
        private SocketException? _last;

        /// <summary>Starts the next attempt, and waits a while for any of those under way.</summary>
        /// <returns>The first socket that is connected; null if none is yet.</returns>
        /// <exception cref="SocketException">All have failed.</exception>
        public Socket? Step(TimeSpan patience)
        {
            if (_next < addresses.Count && Begin(addresses[_next++]) is { } atOnce) return Win(atOnce);
            if (_running.Count == 0)
            {
                if (_next < addresses.Count) return null;
                throw _last ?? new SocketException((int)SocketError.HostNotFound);
            }

            List<Socket> writable = [.. _running], broken = [.. _running];
            Socket.Select(null, writable, broken, patience);
            foreach (var socket in writable.Union(broken))
            {
                var error = (int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;
                if (error == 0) return Win(socket);
                Drop(socket, new SocketException(error));
            }

            return null;
        }

        public Socket Run(TimeSpan timeout)
        {
            var began = Stopwatch.GetTimestamp();
            try
            {
                while (true)
                {
                    var left = timeout - Stopwatch.GetElapsedTime(began);
                    if (left <= TimeSpan.Zero) throw new SocketException((int)SocketError.TimedOut);
                    if (Step(_next < addresses.Count && HeadStart < left ? HeadStart : left) is { } winner) return winner;
                }
            }
            catch
            {
                foreach (var socket in _running) socket.Dispose();
                throw;
            }
        }

        private Socket? Begin(IPAddress address)
        {
            Socket? socket = null;
            try
            {
                socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { Blocking = false, NoDelay = true };
                socket.Connect(new IPEndPoint(address, port));
                return socket;
            }
            catch (SocketException e) when (socket is not null && e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
            {
                _running.Add(socket!);
            }
            catch (SocketException e)
            {
                // A family that this machine does not have is an attempt that failed, too.
                socket?.Dispose();
                _last = e;
            }

            return null;
        }

        private Socket Win(Socket winner)
        {
            foreach (var other in _running)
            {
                if (other != winner) other.Dispose();
            }

            return winner;
        }

        private void Drop(Socket socket, SocketException why)
        {
            _running.Remove(socket);
            socket.Dispose();
            _last = why;
        }
    }
}
