namespace Grpc.Net.Client.Internal;

/// <summary>What sends a channel's requests.</summary>
internal static class ChannelTransport
{
    /// <summary>The sender, whether it ends with the channel, and the handler that has the connections, if it can be found.</summary>
    public static (HttpMessageInvoker Invoker, bool IsDisposed, SocketsHttpHandler? Sockets) Create(GrpcChannelOptions options)
    {
        if (options.HttpClient is { } client) return (client, options.DisposeHttpClient, null);
        if (options.HttpHandler is { } given) return (new HttpMessageInvoker(given, options.DisposeHttpClient), true, FindSockets(given));
        var own = CreateHandler();
        return (new HttpMessageInvoker(own, disposeHandler: true), true, own);
    }

    private static SocketsHttpHandler? FindSockets(HttpMessageHandler handler)
    {
        while (handler is DelegatingHandler { InnerHandler: { } inner }) handler = inner;
        return handler as SocketsHttpHandler;
    }

    private static SocketsHttpHandler CreateHandler() => new()
    {
        // One connection carries a limited number of streams; more calls than that open another instead of waiting.
        EnableMultipleHttp2Connections = true,
        // Neither exists in gRPC: a redirect is an answer without a grpc-status, and cookies would travel between calls.
        AllowAutoRedirect = false,
        UseCookies = false,
    };
}
