using Grpc.Core;
using Grpc.Net.Client.Configuration;
using Grpc.Net.Compression;
using Microsoft.Extensions.Logging;

namespace Grpc.Net.Client;

/// <summary>What a channel is made with. Changes after the channel was made have no effect on it.</summary>
public sealed class GrpcChannelOptions
{
    private const int DefaultMaxReceiveMessageSize = 4 * 1024 * 1024;
    private const int DefaultMaxRetryAttempts = 5;
    private const long DefaultMaxRetryBufferSize = 16 * 1024 * 1024;
    private const long DefaultMaxRetryBufferPerCallSize = 1024 * 1024;
    private static readonly TimeSpan DefaultInitialReconnectBackoff = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DefaultMaxReconnectBackoff = TimeSpan.FromSeconds(120);

    /// <summary>How connections are secured; null to let the address's scheme decide.</summary>
    public ChannelCredentials? Credentials { get; set; }

    /// <summary>The size in bytes that a request message may have before compression; null, the default, for any.</summary>
    public int? MaxSendMessageSize { get; set; }

    /// <summary>The size in bytes that a response message may have, compressed and decompressed; null for any. By default 4 MiB.</summary>
    public int? MaxReceiveMessageSize { get; set; } = DefaultMaxReceiveMessageSize;

    /// <summary>The number of attempts that no retry policy can exceed, the first included; null for no such limit. By default 5.</summary>
    public int? MaxRetryAttempts { get; set; } = DefaultMaxRetryAttempts;

    /// <summary>Bytes that all calls together may keep for another attempt; null for any number. By default 16 MiB.</summary>
    public long? MaxRetryBufferSize { get; set; } = DefaultMaxRetryBufferSize;

    /// <summary>Bytes that one call may keep for another attempt; null for any number. By default 1 MiB.</summary>
    public long? MaxRetryBufferPerCallSize { get; set; } = DefaultMaxRetryBufferPerCallSize;

    /// <summary>The message encodings that can be used; null for gzip and deflate.</summary>
    public IList<ICompressionProvider>? CompressionProviders { get; set; }

    /// <summary>Makes the channel's loggers; null to take the one of <see cref="ServiceProvider"/>, or not to log.</summary>
    public ILoggerFactory? LoggerFactory { get; set; }

    /// <summary>The client that sends the requests. Not together with <see cref="HttpHandler"/>.</summary>
    public HttpClient? HttpClient { get; set; }

    /// <summary>The handler that sends the requests. Not together with <see cref="HttpClient"/>; neither means the channel's own transport.</summary>
    public HttpMessageHandler? HttpHandler { get; set; }

    /// <summary>Whether disposing the channel disposes <see cref="HttpClient"/> or <see cref="HttpHandler"/> too.</summary>
    public bool DisposeHttpClient { get; set; }

    /// <summary>
    /// Whether a call that was cancelled or whose deadline passed throws <see cref="OperationCanceledException"/> instead of
    /// <see cref="RpcException"/>.
    /// </summary>
    public bool ThrowOperationCanceledOnCancellation { get; set; }

    /// <summary>Whether call credentials are sent in plaintext on channels without TLS, for everyone on the way to read.</summary>
    public bool UnsafeUseInsecureChannelCallCredentials { get; set; }

    /// <summary>Policies for calls and for balancing; null for none.</summary>
    public ServiceConfig? ServiceConfig { get; set; }

    /// <summary>Whether a service config that a resolver brings is ignored. The schemes http and https have no resolver.</summary>
    public bool DisableResolverServiceConfig { get; set; }

    /// <summary>The longest pause between attempts to connect; null for no limit. By default 120 s.</summary>
    public TimeSpan? MaxReconnectBackoff { get; set; } = DefaultMaxReconnectBackoff;

    /// <summary>The first pause between attempts to connect. By default 1 s.</summary>
    public TimeSpan InitialReconnectBackoff { get; set; } = DefaultInitialReconnectBackoff;

    /// <summary>Where the channel finds what is not given here.</summary>
    public IServiceProvider? ServiceProvider { get; set; }

    /// <summary>The HTTP version of requests; null for 2.</summary>
    public Version? HttpVersion { get; set; }

    /// <summary>How strictly <see cref="HttpVersion"/> is meant; null for exactly.</summary>
    public HttpVersionPolicy? HttpVersionPolicy { get; set; }
}
