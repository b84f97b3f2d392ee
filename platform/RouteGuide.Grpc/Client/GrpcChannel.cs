using System.Collections.Concurrent;
using Grpc.Core;
using Grpc.Internal;
using Grpc.Net.Client.Internal;
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
    private readonly HttpMessageInvoker _invoker;
    private readonly bool _disposesInvoker;
    private readonly ConnectionMonitor? _connections;
    private readonly RunningCalls _running = new();
    private readonly ConcurrentDictionary<string, MethodInformation> _methods = new(StringComparer.Ordinal);
    private readonly MethodPolicies _policies;
    private readonly int? _maxRetryAttempts;
    private readonly Uri _address;
    private readonly bool _isSecure;

    private GrpcChannel(Uri address, GrpcChannelOptions options)
        : base(address.Authority)
    {
        _address = address;
        _isSecure = ChannelValidation.CheckScheme(address);
        ChannelValidation.CheckServiceConfig(options.ServiceConfig);
        CallCredentials = ChannelValidation.CheckCredentials(options.Credentials, _isSecure);
        MaySendCredentials = _isSecure || options.UnsafeUseInsecureChannelCallCredentials;
        MaxSendMessageSize = options.MaxSendMessageSize;
        MaxReceiveMessageSize = options.MaxReceiveMessageSize;
        ThrowsOperationCanceled = options.ThrowOperationCanceledOnCancellation;
        HttpVersion = options.HttpVersion ?? System.Net.HttpVersion.Version20;
        HttpVersionPolicy = options.HttpVersionPolicy ?? System.Net.Http.HttpVersionPolicy.RequestVersionExact;
        Compression = new CompressionProviders(options.CompressionProviders ?? GrpcEncodings.CreateDefaultProviders());
        RetryThrottle = RetryThrottle.From(options.ServiceConfig?.RetryThrottling);
        RetryBudget = new RetryBudget(options.MaxRetryBufferSize, options.MaxRetryBufferPerCallSize);
        _policies = new MethodPolicies(options.ServiceConfig);
        _maxRetryAttempts = options.MaxRetryAttempts;
        var loggers = options.LoggerFactory ?? (ILoggerFactory?)options.ServiceProvider?.GetService(typeof(ILoggerFactory)) ?? NullLoggerFactory.Instance;
        Logger = loggers.CreateLogger<GrpcChannel>();

        (_invoker, _disposesInvoker, var sockets) = ChannelTransport.Create(options);
        _connections = ConnectionMonitor.TryAttach(sockets, address, options);
    }

    /// <summary>
    /// Whether the channel is connected, as far as its handler lets it see: the handler of the channel's own, or a <see cref="SocketsHttpHandler"/>
    /// without a <see cref="SocketsHttpHandler.ConnectCallback"/>. A connection counts from TCP on; a TLS handshake that fails takes it away again.
    /// </summary>
    /// <exception cref="InvalidOperationException">The handler does not let the channel see its connections.</exception>
    public ConnectivityState State => Connections.State;

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

    internal RetryThrottle? RetryThrottle { get; }

    internal RetryBudget RetryBudget { get; }

    /// <summary>Cancelled when the channel is disposed.</summary>
    internal CancellationToken Closed => _running.Closed;

    private ConnectionMonitor Connections => _connections ?? throw new InvalidOperationException(
        $"The channel's connections are not known: its HTTP handler is not a {nameof(SocketsHttpHandler)} without a connect callback that was unused so far.");

    /// <summary>Creates a channel to an address.</summary>
    /// <param name="address">The address, for example <c>https://localhost:50051</c>.</param>
    /// <exception cref="ArgumentNullException">The address is null.</exception>
    /// <exception cref="UriFormatException">The address is not a URI.</exception>
    /// <exception cref="InvalidOperationException">The scheme is neither http nor https.</exception>
    /// <exception cref="NotSupportedException">The scheme is dns or static.</exception>
    public static GrpcChannel ForAddress(string address) => ForAddress(address, new GrpcChannelOptions());

    /// <summary>Creates a channel to an address.</summary>
    /// <param name="address">The address, for example <c>https://localhost:50051</c>.</param>
    /// <param name="channelOptions">What the channel is made with.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="UriFormatException">The address is not a URI.</exception>
    /// <exception cref="ArgumentException">The options name both an HttpClient and a handler.</exception>
    /// <exception cref="InvalidOperationException">The credentials do not go with the scheme or with each other.</exception>
    /// <exception cref="InvalidOperationException">The scheme is neither http nor https.</exception>
    /// <exception cref="NotSupportedException">The scheme is dns or static, or the service config asks for something that is not supported.</exception>
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

        return new GrpcChannel(address, channelOptions);
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
        return Connections.ConnectAsync(cancellationToken);
    }

    /// <summary>Waits until <see cref="State"/> is another.</summary>
    /// <param name="lastObservedState">The state that is left; if it is not the present one, there is no wait.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidOperationException">The handler does not let the channel see its connections.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled before the state changed.</exception>
    public Task WaitForStateChangedAsync(ConnectivityState lastObservedState, CancellationToken cancellationToken = default) =>
        Connections.WaitForStateChangedAsync(lastObservedState, cancellationToken);

    /// <summary>Closes the channel: running calls are cancelled, later ones refused.</summary>
    public void Dispose()
    {
        foreach (var call in _running.Close()) call.Dispose();
        if (_disposesInvoker) _invoker.Dispose();
        _connections?.Dispose();
        _running.Dispose();
    }

    /// <exception cref="ObjectDisposedException">The channel is disposed.</exception>
    internal void Add(GrpcCall call) => ObjectDisposedException.ThrowIf(!TryAdd(call), this);

    internal bool TryAdd(GrpcCall call) => _running.TryAdd(call);

    internal void Remove(GrpcCall call) => _running.Remove(call);

    /// <exception cref="InvalidOperationException">The method's retry policy is not valid.</exception>
    internal MethodInformation Describe(IMethod method) => _methods.TryGetValue(method.FullName, out var known)
        ? known
        : _methods.GetOrAdd(method.FullName, MethodInformation.Create(_address, _isSecure, method, _policies.Find(method, _maxRetryAttempts)));

    /// <summary>Waits for a connection, if the handler lets the channel see its connections.</summary>
    internal Task WaitForReadyAsync(CancellationToken cancellationToken) => _connections?.ConnectAsync(cancellationToken) ?? Task.CompletedTask;

    internal Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        // HttpClient would otherwise read the whole response before it returns.
        _invoker is HttpClient client
            ? client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken)
            : _invoker.SendAsync(request, cancellationToken);
}
