namespace Grpc.Net.Client.Internal;

/// <summary>What sends a channel's requests.</summary>
internal static class ChannelTransport
{
    private const string Switch = "Grpc.Net.Client.UseSocketsHttpHandler";

    /// <summary>
    /// Whether the channel's calls go over the engine. HTTP handlers do what it does not: what the application has configured, other versions of
    /// HTTP, proxies, and the choice between several servers.
    /// </summary>
    public static bool IsOwn(GrpcChannelOptions options, ChannelTarget target) =>
        options is { HttpClient: null, HttpHandler: null }
        && (options.HttpVersion is null || options.HttpVersion == System.Net.HttpVersion.Version20)
        && options.HttpVersionPolicy is null or HttpVersionPolicy.RequestVersionExact
        && target.Factory is null
        && !GrpcChannel.AsksForBalancing(options.ServiceConfig)
        && !(AppContext.TryGetSwitch(Switch, out var usesHandler) && usesHandler)
        && !HasProxy(target.Address);

    /// <summary>The sender, whether it ends with the channel, and the handler that has the connections, if it can be found.</summary>
    public static (HttpMessageInvoker Invoker, bool IsDisposed, SocketsHttpHandler? Sockets) Create(GrpcChannelOptions options)
    {
        if (options.HttpClient is { } client) return (client, options.DisposeHttpClient, null);
        if (options.HttpHandler is { } given) return (new HttpMessageInvoker(given, options.DisposeHttpClient), true, FindSockets(given));
        var own = CreateHandler();
        return (new HttpMessageInvoker(own, disposeHandler: true), true, own);
    }

    // As the environment or the system has it.
    private static bool HasProxy(Uri address) => HttpClient.DefaultProxy is { } proxy && !proxy.IsBypassed(address) && proxy.GetProxy(address) is not null;

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
