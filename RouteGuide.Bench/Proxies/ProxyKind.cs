using System.Globalization;
using System.Net;
using System.Net.Sockets;
using RouteGuide.Bench.Processes;

namespace RouteGuide.Bench.Proxies;

/// <summary>What a proxy is started with.</summary>
/// <param name="Folder">For its files.</param>
/// <param name="Certificate">What it shows to clients.</param>
/// <param name="Backends">The ports that it balances over, on loopback.</param>
/// <param name="Cpus">The processors that it runs on.</param>
/// <param name="Guard">Ends it if we cannot.</param>
internal sealed record ProxySetup(string Folder, ServerCertificate Certificate, IReadOnlyList<int> Backends, IReadOnlyList<int> Cpus, Guard Guard);

/// <summary>A proxy that can be compared.</summary>
internal abstract class ProxyKind
{
    protected static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(30);

    /// <summary>As on the command line and in the results.</summary>
    public abstract string Name { get; }

    /// <summary>Whether others are measured against it: the proxies that people would pick instead.</summary>
    public virtual bool IsPeer => true;

    /// <summary>Whether it gets faster while it runs, and so has to be warmed up.</summary>
    public virtual bool WarmsUp => false;

    /// <summary>What is missing on this machine and how to get it, or null when it can be started.</summary>
    public abstract string? Missing { get; }

    public abstract Task<string> ReadVersion(CancellationToken cancellation);

    /// <summary>Starts it; returns when it accepts connections.</summary>
    /// <exception cref="BenchException">It did not start.</exception>
    public abstract Task<RunningProxy> Start(ProxySetup setup, CancellationToken cancellation);

    protected static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    protected static async Task<bool> Accepts(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    protected static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A proxy that runs, or what stands in its place.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Uri">Where calls go.</param>
/// <param name="Process">Its first process; null where there is none.</param>
/// <param name="Settings">How it was started, for the report.</param>
internal sealed record RunningProxy(ProxyKind Kind, Uri Uri, ManagedProcess? Process, string Settings) : IAsyncDisposable
{
    public ValueTask DisposeAsync() => Process?.DisposeAsync() ?? ValueTask.CompletedTask;
}
