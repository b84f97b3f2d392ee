using Grpc.Core;
using Grpc.Internal;
using Grpc.Net.Client.Balancer;
using Grpc.Net.Client.Configuration;
using Grpc.Net.Client.Internal;
using Grpc.Net.Client.Internal.Balancing;
using Grpc.Net.Client.Internal.Engine;
using Grpc.Net.Client.Internal.Retry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Grpc.Net.Client;

/// <summary>
/// A way to the service at an address. Clients are made from it; it is safe to share between threads, and expensive enough to be kept: all its calls
/// share connections.
/// </summary>
public sealed class GrpcChannel : ChannelBase, IDisposable
{
    private readonly HttpMessageInvoker? _invoker; // null if calls go over the engine
    private readonly bool _disposesInvoker;
    private readonly IConnectivity? _connections;
    private readonly ConnectionPool? _engine;
    private readonly RunningCalls _running = new();
    private readonly ConnectionManager? _balancer;
    private readonly bool _knowsConnections;
    private readonly Visit _visit = new(new CallCounts(), null);
    private readonly int? _maxRetryAttempts;
    private readonly ChannelTarget _target;
    private volatile MethodBook _methods;

    private GrpcChannel(ChannelTarget target, GrpcChannelOptions options)
        : base(target.Name)
    {
        _target = target;
        CallCredentials = target.CallCredentials;
        MaySendCredentials = target.IsSecure || options.UnsafeUseInsecureChannelCallCredentials;
        MaxSendMessageSize = options.MaxSendMessageSize;
        MaxReceiveMessageSize = options.MaxReceiveMessageSize;
        ThrowsOperationCanceled = options.ThrowOperationCanceledOnCancellation;
        HttpVersion = options.HttpVersion ?? System.Net.HttpVersion.Version20;
        HttpVersionPolicy = options.HttpVersionPolicy ?? System.Net.Http.HttpVersionPolicy.RequestVersionExact;
        Compression = new CompressionProviders(options.CompressionProviders ?? GrpcEncodings.CreateDefaultProviders());
        RetryBudget = new RetryBudget(options.MaxRetryBufferSize, options.MaxRetryBufferPerCallSize);
        _maxRetryAttempts = options.MaxRetryAttempts;
        _methods = new MethodBook(options.ServiceConfig, target, _maxRetryAttempts);
        var loggers = options.LoggerFactory ?? (ILoggerFactory?)options.ServiceProvider?.GetService(typeof(ILoggerFactory)) ?? NullLoggerFactory.Instance;
        Logger = loggers.CreateLogger<GrpcChannel>();

        if (ChannelTransport.IsOwn(options, target))
        {
            _connections = _engine = new ConnectionPool(target.Address, options);
            return;
        }

        (_invoker, _disposesInvoker, var sockets) = ChannelTransport.Create(options);
        if (target.Factory is null && !AsksForBalancing(options.ServiceConfig))
        {
            _connections = ConnectionMonitor.TryAttach(sockets, target.Address, options);
            return;
        }

        var transport = SocketTransport.TryAttach(sockets);
        _knowsConnections = transport is not null;
        var resolver = target.Factory?.Create(new ResolverOptions(target.Address, target.IsSecure ? 443 : 80, loggers, options))
            ?? new StaticResolver([new BalancerAddress(target.Address.IdnHost, target.Address.Port)]);
        _balancer = new ConnectionManager(this, resolver, (ISubchannelTransport?)transport ?? new PassiveTransport(), options, loggers);
    }

    /// <summary>
    /// Whether the channel is connected, as far as its handler lets it see: the transport of the channel's own, or a <see cref="SocketsHttpHandler"/>
    /// without a <see cref="SocketsHttpHandler.ConnectCallback"/>. A connection counts from TCP on; a TLS handshake that fails takes it away again.
    /// </summary>
    /// <exception cref="InvalidOperationException">The handler does not let the channel see its connections.</exception>
    public ConnectivityState State => _balancer?.State ?? Connections.State;

    internal IReadOnlyList<AsyncAuthInterceptor> CallCredentials { get; }

    /// <summary>Whether call credentials may travel here.</summary>
    internal bool MaySendCredentials { get; }

    internal int? MaxSendMessageSize { get; }

    internal int? MaxReceiveMessageSize { get; }

    internal bool ThrowsOperationCanceled { get; }

    internal Version HttpVersion { get; }

    internal HttpVersionPolicy HttpVersionPolicy { get; }

    internal CompressionProviders Compression { get; }

    internal ILogger Logger { get; }

    internal RetryThrottle? RetryThrottle => _methods.Throttle;

    internal RetryBudget RetryBudget { get; }

    /// <summary>Where calls are counted that go to the channel's one server.</summary>
    internal Visit OwnVisit => _visit;

    /// <summary>Cancelled when the channel is disposed.</summary>
    internal CancellationToken Closed => _running.Closed;

    private IConnectivity Connections => _connections ?? throw new InvalidOperationException(
        $"The channel's connections are not known: its HTTP handler is not a {nameof(SocketsHttpHandler)} without a connect callback that was unused so far.");

    /// <summary>Creates a channel to an address.</summary>
    /// <param name="address">The address, for example <c>https://localhost:50051</c>.</param>
    /// <exception cref="ArgumentNullException">The address is null.</exception>
    /// <exception cref="UriFormatException">The address is not a URI.</exception>
    /// <exception cref="InvalidOperationException">The scheme is neither http nor https; others need options.</exception>
    public static GrpcChannel ForAddress(string address) => ForAddress(address, new GrpcChannelOptions());

    /// <summary>Creates a channel to an address.</summary>
    /// <param name="address">The address, for example <c>https://localhost:50051</c>.</param>
    /// <param name="channelOptions">What the channel is made with.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="UriFormatException">The address is not a URI.</exception>
    /// <exception cref="ArgumentException">The options name both an HttpClient and a handler.</exception>
    /// <exception cref="InvalidOperationException">The credentials do not go with the scheme or with each other.</exception>
    /// <exception cref="InvalidOperationException">There is no resolver for the scheme, or the service config asks for a balancing policy that is not known.</exception>
    public static GrpcChannel ForAddress(string address, GrpcChannelOptions channelOptions)
    {
        ArgumentNullException.ThrowIfNull(address);
        return ForAddress(new Uri(address), channelOptions);
    }

    /// <inheritdoc cref="ForAddress(string)"/>
    public static GrpcChannel ForAddress(Uri address) => ForAddress(address, new GrpcChannelOptions());

    /// <inheritdoc cref="ForAddress(string, GrpcChannelOptions)"/>
    public static GrpcChannel ForAddress(Uri address, GrpcChannelOptions channelOptions)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(channelOptions);
        if (channelOptions.HttpClient is not null && channelOptions.HttpHandler is not null)
        {
            throw new ArgumentException(
                $"{nameof(GrpcChannelOptions.HttpClient)} and {nameof(GrpcChannelOptions.HttpHandler)} are both set: only one of them can send the requests.",
                nameof(channelOptions));
        }

        return new GrpcChannel(ChannelTarget.From(address, channelOptions), channelOptions);
    }

    /// <inheritdoc/>
    public override CallInvoker CreateCallInvoker()
    {
        ObjectDisposedException.ThrowIf(_running.IsClosed, this);
        return new ChannelCallInvoker(this);
    }

    /// <summary>Connects if there is no connection, trying again after growing pauses until there is one.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidOperationException">The handler does not let the channel see its connections.</exception>
    /// <exception cref="ObjectDisposedException">The channel is disposed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled before there was a connection.</exception>
    public Task ConnectAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_running.IsClosed, this);
        return _balancer?.ConnectAsync(cancellationToken) ?? Connections.ConnectAsync(cancellationToken);
    }

    /// <summary>Waits until <see cref="State"/> is another.</summary>
    /// <param name="lastObservedState">The state that is left; if it is not the present one, there is no wait.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidOperationException">The handler does not let the channel see its connections.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled before the state changed.</exception>
    public Task WaitForStateChangedAsync(ConnectivityState lastObservedState, CancellationToken cancellationToken = default) =>
        _balancer?.WaitForStateChangedAsync(lastObservedState, cancellationToken) ?? Connections.WaitForStateChangedAsync(lastObservedState, cancellationToken);

    /// <summary>How the channel stands to its servers, one entry for each. Not part of the official client.</summary>
    public IReadOnlyList<SubchannelInfo> GetSubchannels() => _balancer is null
        ? [Describe(Target, _connections?.State, "", _visit.Counts)]
        : [.. _balancer.Subchannels.Select(s => Describe(s.ToString(), s.State.State, s.State.Status.Detail, s.Counts))];

    /// <summary>Closes the channel: running calls are cancelled, later ones refused.</summary>
    public void Dispose()
    {
        foreach (var call in _running.Close()) call.Dispose();
        _balancer?.Dispose();
        if (_disposesInvoker) _invoker?.Dispose();
        _connections?.Dispose();
        _running.Dispose();
    }

    /// <exception cref="ObjectDisposedException">The channel is disposed.</exception>
    internal void Add(GrpcCall call) => ObjectDisposedException.ThrowIf(!TryAdd(call), this);

    internal bool TryAdd(GrpcCall call) => _running.TryAdd(call);

    internal void Remove(GrpcCall call) => _running.Remove(call);

    /// <exception cref="InvalidOperationException">The method's policy is not valid.</exception>
    internal MethodInformation Describe(IMethod method) => _methods.Describe(method);

    /// <summary>Takes the policies of a service config, for calls from now on.</summary>
    /// <exception cref="InvalidOperationException">The config cannot be used.</exception>
    internal void UsePolicies(ServiceConfig? config) => _methods = new MethodBook(config, _target, _maxRetryAttempts);

    /// <summary>The way that a call takes.</summary>
    internal CallExchange NewExchange(GrpcCall call) => _engine is not null ? new EngineExchange(_engine, call) : new HttpExchange(call);

    /// <summary>Sends a call's request, to a server that is picked if there is a choice.</summary>
    internal Task<HttpResponseMessage> SendAsync(GrpcCall call, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (_balancer is not null) return SendBalancedAsync(_balancer, call, request, cancellationToken);
        if (call.IsWaitForReady && _connections is not null) return SendWhenConnectedAsync(_connections, call, request, cancellationToken);
        call.Visiting(_visit);
        return TransmitAsync(request, cancellationToken);
    }

    internal static bool AsksForBalancing(ServiceConfig? config) =>
        config?.LoadBalancingConfigs.FirstOrDefault() is { } first && first.PolicyName != LoadBalancingConfig.PickFirstPolicyName;

    private static SubchannelInfo Describe(string address, ConnectivityState? state, string detail, CallCounts counts) =>
        new(address, state, detail, counts.InFlight, counts.Started, counts.Failed);

    private async Task<HttpResponseMessage> SendWhenConnectedAsync(
        IConnectivity connections, GrpcCall call, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        await connections.ConnectAsync(cancellationToken).ConfigureAwait(false);
        call.Visiting(_visit);
        return await TransmitAsync(request, cancellationToken).ConfigureAwait(false);
    }

    private async Task<HttpResponseMessage> SendBalancedAsync(
        ConnectionManager balancer, GrpcCall call, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var (host, path) = (request.Headers.Host, request.RequestUri!.PathAndQuery);
        for (var failures = 0; ; failures++)
        {
            // What the last server was asked for is not what the next one is.
            request.Headers.Host = host;
            var picked = call.Server is { } server
                ? balancer.Take(server)
                : await balancer.PickAsync(request, call.IsWaitForReady, cancellationToken).ConfigureAwait(false);
            var endPoint = picked.Address.EndPoint;
            request.RequestUri = new Uri(new UriBuilder(_target.RequestBase.Scheme, endPoint.Host, endPoint.Port).Uri, path);
            if (host is null && picked.Address.TryGetAttribute(DnsResolver.HostOverride, out var name)) request.Headers.Host = name;

            call.Visiting(new Visit(picked.Subchannel.Counts, picked));
            try
            {
                return await TransmitAsync(request, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (ErrorMapping.IsNotConnected(e) && MayGoElsewhere(balancer, call, failures))
            {
                // Nothing was sent. The policy has heard of it, or hears of it now, and picks another or none.
                call.NotReached(e);
            }
        }
    }

    private bool MayGoElsewhere(ConnectionManager balancer, GrpcCall call, int failures) =>
        call.Server is null
        && _invoker is not HttpClient
        && ((call.IsWaitForReady && _knowsConnections) || failures < balancer.Subchannels.Count);

    private Task<HttpResponseMessage> TransmitAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        // HttpClient would otherwise read the whole response before it returns.
        _invoker is HttpClient client
            ? client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken)
            : _invoker!.SendAsync(request, cancellationToken);
}
