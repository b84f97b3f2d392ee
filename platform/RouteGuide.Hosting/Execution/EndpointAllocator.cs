using System.Diagnostics;
using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Reporting;

namespace Aspire.Hosting.Execution;

/// <summary>Gives the endpoints their addresses before anything starts, and the proxies their replicas while they run.</summary>
internal sealed class EndpointAllocator(PortPicker ports, AppHostSettings settings, ConsoleReporter console) : IAsyncDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    private readonly Dictionary<EndpointAnnotation, TcpProxy> _proxies = [];

    /// <summary>Gives the endpoints of a resource their addresses; where one is proxied, it is listened on from now on.</summary>
    /// <exception cref="DistributedApplicationException">A port that was asked for is in use.</exception>
    public async Task AllocateAsync(IResource resource, CancellationToken cancellationToken)
    {
        foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>().Where(e => e.AllocatedEndpoint is null))
        {
            var port = endpoint.IsProxied
                ? await ListenAsync(resource, endpoint, cancellationToken).ConfigureAwait(false)
                : await ReserveAsync(resource, endpoint, cancellationToken).ConfigureAwait(false);
            endpoint.AllocatedEndpoint = new AllocatedEndpoint(endpoint, "localhost", port);
        }
    }

    /// <summary>The port that a new process of a resource is to listen on.</summary>
    /// <exception cref="DistributedApplicationException">A port that was asked for is in use.</exception>
    public int TargetPort(IResource resource, EndpointAnnotation endpoint)
    {
        if (endpoint.IsProxied && endpoint.TargetPort is null) return ports.Pick();
        var port = endpoint.IsProxied ? endpoint.TargetPort!.Value : endpoint.AllocatedEndpoint!.Port;
        return PortPicker.IsFree(port) ? port : throw InUse(resource, endpoint, port);
    }

    /// <summary>Whether each process of the endpoint's resource is given a port that nobody asked for.</summary>
    public static bool IsChosen(EndpointAnnotation endpoint) => endpoint.IsProxied && endpoint.TargetPort is null;

    /// <summary>A process runs.</summary>
    public void Attach(EndpointAnnotation endpoint, int port)
    {
        if (_proxies.TryGetValue(endpoint, out var proxy)) proxy.AddTarget(port);
    }

    /// <summary>A process has ended.</summary>
    public void Detach(EndpointAnnotation endpoint, int port)
    {
        if (_proxies.TryGetValue(endpoint, out var proxy)) proxy.RemoveTarget(port);
        if (IsChosen(endpoint)) ports.Return(port);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var proxy in _proxies.Values) await proxy.DisposeAsync().ConfigureAwait(false);
        _proxies.Clear();
    }

    private async Task<int> ListenAsync(IResource resource, EndpointAnnotation endpoint, CancellationToken cancellationToken)
    {
        TcpProxy? proxy = null;
        if (endpoint.Port is { } asked && !settings.RandomizePorts)
        {
            await WaitUntilAsync(() => TryListen(asked, out proxy), resource, endpoint, asked, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            while (!TryListen(ports.Pick(), out proxy)) cancellationToken.ThrowIfCancellationRequested();
        }

        _proxies[endpoint] = proxy!;
        return proxy!.Port;
    }

    private async Task<int> ReserveAsync(IResource resource, EndpointAnnotation endpoint, CancellationToken cancellationToken)
    {
        // A process that was told its port in its own configuration cannot be told another one here.
        var port = settings.RandomizePorts ? endpoint.TargetPort : endpoint.Port ?? endpoint.TargetPort;
        if (port is not { } asked) return ports.Pick();
        await WaitUntilAsync(() => PortPicker.IsFree(asked), resource, endpoint, asked, cancellationToken).ConfigureAwait(false);
        return asked;
    }

    /// <summary>The port may be that of an app host that is just ending: it is waited for a little before it counts as taken.</summary>
    private async Task WaitUntilAsync(Func<bool> succeeds, IResource resource, EndpointAnnotation endpoint, int port, CancellationToken cancellationToken)
    {
        var waited = Stopwatch.StartNew();
        var said = false;
        while (!succeeds())
        {
            if (waited.Elapsed >= settings.PortTimeout) throw InUse(resource, endpoint, port);
            if (!said) console.Say($"Waiting up to {settings.PortTimeout.TotalSeconds:0.#} s for port {port} of endpoint '{endpoint.Name}' of '{resource.Name}': it is in use.");
            said = true;
            await Task.Delay(Poll, cancellationToken).ConfigureAwait(false);
        }
    }

    private static bool TryListen(int port, out TcpProxy? proxy)
    {
        try
        {
            proxy = TcpProxy.Listen(port);
            return true;
        }
        catch (SocketException taken) when (taken.SocketErrorCode is SocketError.AddressAlreadyInUse)
        {
            proxy = null;
            return false;
        }
        catch (SocketException refused)
        {
            throw new DistributedApplicationException($"Port {port} cannot be listened on: {refused.Message}.", refused);
        }
    }

    private static DistributedApplicationException InUse(IResource resource, EndpointAnnotation endpoint, int port) =>
        new($"Port {port} of endpoint '{endpoint.Name}' of '{resource.Name}' is in use by another process.");
}
