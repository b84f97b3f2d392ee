using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using RouteGuide.Balancer.Proxy.Metering;
using RouteGuide.Http2.Transport;

namespace RouteGuide.Balancer.Proxy.Http1;

/// <summary>
/// HTTP/1 of the clients. Parsing it safely is a craft of its own (request smuggling), and nobody comes to a gRPC balancer for its speed:
/// Kestrel does it, on connections whose sockets and TLS stay with the event loops.
/// </summary>
internal sealed class Http1Front : IAsyncDisposable
{
    /// <summary>Octets of a request line.</summary>
    public const int MaxRequestLine = 16 * 1024;

    private readonly LoopListener _listener = new();
    private readonly KestrelServer _server;
    private readonly Http1Application _application;
    private readonly ConcurrentDictionary<string, LoopConnection> _open = new(StringComparer.Ordinal);

    public Http1Front(Http1Application application, ProxyLimits limits, ILoggerFactory loggers)
    {
        _application = application;
        var options = new KestrelServerOptions
        {
            AddServerHeader = false,
            // Octets pass as they came.
            RequestHeaderEncodingSelector = static _ => Encoding.Latin1,
            ResponseHeaderEncodingSelector = static _ => Encoding.Latin1,
        };
        options.Limits.MaxRequestLineSize = MaxRequestLine;
        options.Limits.MaxRequestBufferSize = LoopConnection.BufferSize;
        options.Limits.MaxRequestHeaderCount = limits.Http2.MaxHeaderFields;
        options.Limits.MaxRequestHeadersTotalSize = Math.Min(limits.Http2.MaxHeaderListSize, LoopConnection.BufferSize);
        options.Limits.RequestHeadersTimeout = TimeSpan.FromMilliseconds(limits.Http2.HeadersTimeoutMs);
        options.Limits.KeepAliveTimeout = limits.IdleTimeoutMs > 0 ? TimeSpan.FromMilliseconds(limits.IdleTimeoutMs) : Timeout.InfiniteTimeSpan;
        // Bodies are as large as their targets take them, and may be streams with pauses; but not for ever.
        // Kestrel looks once a second, and refuses less than two.
        var stall = TimeSpan.FromMilliseconds(Math.Max(2_000, limits.Http2.WriteStallTimeoutMs));
        options.Limits.MaxRequestBodySize = null;
        options.Limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 1, gracePeriod: stall);
        options.Limits.MinResponseDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: stall);
        // An address that nothing is bound to; Kestrel wants one.
        options.Listen(new IPEndPoint(IPAddress.Loopback, 0), listen => listen.Protocols = HttpProtocols.Http1);
        _server = new KestrelServer(Options.Create(options), _listener, new RefusalWatch(loggers, OnRefused));
    }

    public Task Start() => _server.StartAsync(_application, CancellationToken.None);

    /// <summary>Takes over a connection. On its loop's thread.</summary>
    /// <param name="channel">Its octets.</param>
    /// <param name="listener">That it came to.</param>
    /// <param name="isTls">They came encrypted.</param>
    /// <param name="meter">Of the loop.</param>
    /// <param name="onOver">Called once.</param>
    public IChannelHandler Begin(IChannel channel, ProxyListener listener, bool isTls, LoopMeter meter, Action onOver)
    {
        LoopConnection connection = null!;
        connection = new LoopConnection(channel, isTls, meter, () =>
        {
            _open.TryRemove(connection.ConnectionId, out _);
            onOver();
        });
        _open.TryAdd(connection.ConnectionId, connection);
        connection.Features.Set(listener);
        connection.Features.Set(new RequestMark());
        connection.Start();
        if (!_listener.Offer(connection)) connection.Abort(new ConnectionAbortedException("the balancer is stopping"));
        return connection;
    }

    /// <summary>No new requests; those that run have their time, then their connections are closed.</summary>
    public async Task Stop(TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        await _server.StopAsync(limit.Token);
    }

    public ValueTask DisposeAsync()
    {
        _server.Dispose();
        return default;
    }

    private void OnRefused(string connectionId, Microsoft.AspNetCore.Http.BadHttpRequestException reason)
    {
        if (_open.TryGetValue(connectionId, out var connection) && connection.Features.Get<RequestMark>() is { IsSet: false }) _application.OnRefused(connection.Features.GetRequiredFeature<ClientOrigin>(), reason);
    }
}
