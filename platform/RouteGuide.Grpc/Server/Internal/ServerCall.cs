using System.IO.Pipelines;
using Grpc.Core;
using Grpc.Internal;
using Grpc.Net.Compression;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>
/// One call: what its handler sees of it, and who may end it. A call ends once, either by its handler's outcome or by its
/// deadline: whoever wins <see cref="TryClaim"/> owns the response from then on.
/// Everything that a handler may never ask for is made when it asks. Features are looked up by their type as a value: servers
/// find them faster than through the generic methods, whose type arguments are found out at run time.
/// </summary>
internal sealed class ServerCall(HttpContext http, MethodOptions options, GrpcServer server) : ServerCallContext, IServerCallContextFeature
{
    /// <summary>Where <see cref="ServerCallContext.UserState"/> of a context that is not ours has the HTTP request.</summary>
    public const string HttpContextKey = "__HttpContext";

    private const int Active = 0;
    private const int Claimed = 1;
    private const int Expired = 2;

    private int _state;

    private bool _isTaken;
    private long _started;
    private bool _isOver;
    private bool _hasMessage;
    private bool _encodingChosen;
    private CallDeadline? _deadline;
    private Extras? _extras;

    public HttpContext HttpContext => http;

    public MethodOptions Options => options;

    public ILogger Logger => server.Logger;

    ServerCallContext IServerCallContextFeature.ServerCallContext => this;

    /// <summary>The response stream of the call, if its kind has one; set before the handler runs.</summary>
    public IResponseStream? Responses { get; set; }

    /// <summary>The request stream of the call, if its kind has one; set before the handler runs.</summary>
    public IRequestStream? Requests { get; set; }

    protected override string MethodCore => Request.Path.Value ?? "";

    protected override string HostCore => Request.Host.Value ?? "";

    protected override string PeerCore => PeerDescription.Address(LiveHttp.Connection.RemoteIpAddress, LiveHttp.Connection.RemotePort);

    protected override DateTime DeadlineCore => _deadline?.Time ?? DateTime.MaxValue;

    protected override Metadata RequestHeadersCore => Extra.RequestHeaders ??= MetadataReader.Read(Request.Headers);

    protected override CancellationToken CancellationTokenCore => LiveHttp is var live && _deadline is null ? live.RequestAborted : _deadline.Token;

    protected override Metadata ResponseTrailersCore => Extra.ResponseTrailers ??= [];

    protected override Status StatusCore
    {
        get => _extras?.Status ?? Status.DefaultSuccess;
        set => Extra.Status = value;
    }

    protected override WriteOptions? WriteOptionsCore
    {
        get => _extras?.WriteOptions;
        set => Extra.WriteOptions = value;
    }

    protected override AuthContext AuthContextCore => Extra.AuthContext ??= PeerDescription.Authenticate(LiveHttp.Connection.ClientCertificate);

    protected override IDictionary<object, object> UserStateCore => Extra.UserState ??= LiveHttp.Items!;

    // Kestrel uses a request's objects again for the next one: what a handler left running must not read those.
    private HttpContext LiveHttp => _isOver ? throw new InvalidOperationException("The call is over: its request can no longer be read.") : http;

    private HttpRequest Request => LiveHttp.Request;

    // Handlers may ask from several threads at a time.
    private Extras Extra => _extras ?? Interlocked.CompareExchange(ref _extras, new Extras(), null) ?? _extras;

    /// <summary>Reads what the request says about the call as a whole, and starts its deadline.</summary>
    /// <exception cref="RpcException">A header cannot be understood, or no time is left.</exception>
    public void Start()
    {
        ServerEventSource.Log.CallBegin(this);
        _started = ServerMetrics.Started(this);
        _isTaken = true;
        http.Features[typeof(IServerCallContextFeature)] = this;
        http.Response.Headers.ContentType = GrpcContentType.Value;

        var header = http.Request.Headers.GrpcTimeout;
        if (header.Count == 0) return;

        // A caller that cannot write its deadline must not wait for ever: like other servers, refuse rather than ignore.
        if (!GrpcTimeout.TryDecode(header.ToString(), out var timeout))
            throw new RpcException(new Status(StatusCode.Internal, $"Malformed grpc-timeout value '{header}'."));
        if (timeout == TimeSpan.Zero) throw new RpcException(CallDeadline.Exceeded);
        _deadline = new CallDeadline(this, timeout, server.Time);
        _deadline.Start();
    }

    /// <summary>Whether the caller is gone: what it asked for no longer matters to anyone.</summary>
    public bool IsAborted => http.RequestAborted.IsCancellationRequested;

    /// <summary>True for the one who ends the call on behalf of the handler; from then on the deadline does nothing.</summary>
    public bool TryClaim()
    {
        if (_deadline is not null) return Interlocked.CompareExchange(ref _state, Claimed, Active) != Expired;
        _state = Claimed;
        return true;
    }

    /// <summary>True for the deadline, if the handler's outcome was not there before it.</summary>
    public bool TryExpire()
    {
        if (Interlocked.CompareExchange(ref _state, Expired, Active) != Active) return false;
        StatusCore = CallDeadline.Exceeded;
        return true;
    }

    /// <summary>Puts a message into the response's body, without a flush.</summary>
    /// <exception cref="RpcException">It is too long.</exception>
    public void WriteMessage<T>(T message, Action<T, SerializationContext> serializer)
    {
        ChooseResponseEncoding();
        var compression = WriteOptionsCore is { } write && (write.Flags & WriteFlags.NoCompress) != 0 ? null : _extras?.ResponseCompression;
        MessageWriter.Write(http.Response.BodyWriter, options, compression, message, serializer);
        _hasMessage = true;
        ServerEventSource.Log.MessageSent();
    }

    /// <summary>Writes the call's end, once nothing of its handler's is under way any more.</summary>
    /// <param name="failure">What the handler threw, if it did.</param>
    public ValueTask EndAsync(Exception? failure)
    {
        if (Responses is not null || Requests is not null || !TryClaim()) return EndSlowlyAsync(failure);
        Finish(failure);
        Close();
        return default;
    }

    private async ValueTask EndSlowlyAsync(Exception? failure)
    {
        if (Responses is not null) await Responses.CloseAsync();
        if (TryClaim())
        {
            Finish(failure);
        }
        else
        {
            if (failure is not null) Logger.LogDebug(failure, "The handler of {Method} failed after the call's deadline.", MethodCore);
            await _deadline!.Finished;
        }

        if (Requests is not null) await Requests.CloseAsync();
        Close();
    }

    private void Finish(Exception? failure)
    {
        if (failure is not null) Fail(failure);
        WriteEnd();
    }

    private void Close()
    {
        _deadline?.Stop();
        if (_isTaken)
        {
            ServerEventSource.Log.CallEnd(StatusCore.StatusCode);
            ServerMetrics.Ended(this, _started);
        }
        else
        {
            ServerEventSource.Log.CallUnimplemented(MethodCore);
        }

        _isOver = true;
    }

    /// <summary>Writes the status alone: for the deadline, which must not touch what the handler still has in its hands.</summary>
    public void WriteStatus(in Status status) => StatusWriter.Write(EndOfResponse(), status);

    /// <summary>Ends the stream with RST_STREAM, so that the peer sees at once that nothing more comes.</summary>
    public void Reset()
    {
        // RFC 9113, 7: CANCEL; RFC 9114, 8.1: H3_REQUEST_CANCELLED.
        var code = HttpProtocol.IsHttp3(http.Request.Protocol) ? 0x10c : 0x8;
        if (http.Features.Get<IHttpResetFeature>() is { } feature) feature.Reset(code);
        else http.Abort();
    }

    protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) =>
        throw new NotSupportedException("Propagation tokens are not supported. A client made by AddGrpcClient takes deadline and cancellation over with EnableCallContextPropagation.");

    protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders)
    {
        ArgumentNullException.ThrowIfNull(responseHeaders);
        if (_deadline is null) return StartResponse(responseHeaders);
        lock (_deadline) return StartResponse(responseHeaders);
    }

    private void Fail(Exception exception)
    {
        switch (exception)
        {
            case RpcException { StatusCode: StatusCode.OK }:
                // Success is what a handler returns. Nothing was returned here, and callers must not believe otherwise.
                Logger.LogError(exception, "The handler of {Method} threw the status OK.", MethodCore);
                StatusCore = new Status(StatusCode.Unknown, "Exception was thrown by handler: it says OK, which is no error.");
                break;

            case RpcException rpc:
                Logger.LogInformation("{Method} ended with {Status}.", MethodCore, rpc.Status);
                StatusCore = rpc.Status;
                for (var i = 0; i < rpc.Trailers.Count; i++) ResponseTrailersCore.Add(rpc.Trailers[i]);
                break;

            case OperationCanceledException or IOException when IsAborted:
                Logger.LogInformation("The caller gave up {Method}.", MethodCore);
                StatusCore = Status.DefaultCancelled;
                break;

            default:
                // What a caller sends must not be able to fill the log of errors.
                if (MessageReader.IsCallersFault(exception)) Logger.LogInformation("The request of {Method} cannot be read: {Reason}", MethodCore, exception.Message);
                else Logger.LogError(exception, "The handler of {Method} failed.", MethodCore);
                StatusCore = new Status(StatusCode.Unknown, options.EnableDetailedErrors
                    ? $"Exception was thrown by handler. {Describe(exception)}"
                    : "Exception was thrown by handler.");
                break;
        }
    }

    private static string Describe(Exception exception)
    {
        var all = $"{exception.GetType().Name}: {exception.Message}";
        for (var inner = exception.InnerException; inner is not null; inner = inner.InnerException) all += $" {inner.GetType().Name}: {inner.Message}";
        return all;
    }

    private Task<FlushResult> StartResponse(Metadata responseHeaders)
    {
        if (_isOver || _state != Active || http.Response.HasStarted)
            throw new InvalidOperationException("Response headers can only be sent once per call, and before the first message.");
        MetadataWriter.Append(http.Response.Headers, responseHeaders);
        ChooseResponseEncoding(responseHeaders.GetValue(GrpcHeaders.InternalEncodingRequest));
        return http.Response.BodyWriter.FlushAsync().AsTask();
    }

    private void ChooseResponseEncoding(string? requested = null)
    {
        if (_encodingChosen) return;
        _encodingChosen = true;
        var provider = requested is null ? options.ResponseCompression : options.FindProvider(requested);
        if (provider is null || http.Response.HasStarted || !CallerAccepts(provider.EncodingName)) return;
        Extra.ResponseCompression = provider;
        http.Response.Headers.GrpcEncoding = provider.EncodingName;
    }

    private bool CallerAccepts(string encoding)
    {
        foreach (var value in http.Request.Headers.GrpcAcceptEncoding)
        {
            if (value is null) continue;
            foreach (var part in value.AsSpan().Split(','))
            {
                if (value.AsSpan(part).Trim().SequenceEqual(encoding)) return true;
            }
        }

        return false;
    }

    private void WriteEnd()
    {
        var end = EndOfResponse();
        if (_extras?.ResponseTrailers is { Count: > 0 } trailers)
        {
            try
            {
                MetadataWriter.Append(end, trailers);
            }
            catch (InvalidOperationException exception)
            {
                Fail(exception);
            }
        }

        var status = StatusCore;
        StatusWriter.Write(end, status);
        if (http.Features[typeof(IHttpActivityFeature)] is IHttpActivityFeature { Activity: { IsAllDataRequested: true } activity })
        {
            activity.SetTag("grpc.method", MethodCore);
            activity.SetTag("grpc.status_code", (int)status.StatusCode);
            RpcTags.Set(activity, MethodCore, status.StatusCode);
        }
    }

    // Without a message everything goes into the response's headers ("Trailers-Only"), else into its trailers.
    private IHeaderDictionary EndOfResponse()
    {
        if (!_hasMessage && !http.Response.HasStarted) return http.Response.Headers;
        return (http.Features[typeof(IHttpResponseTrailersFeature)] as IHttpResponseTrailersFeature)?.Trailers
            ?? throw new InvalidOperationException("The server has no response trailers, which gRPC needs.");
    }

    /// <summary>What most calls do without.</summary>
    private sealed class Extras
    {
        public Status Status { get; set; }

        public Metadata? RequestHeaders { get; set; }

        public Metadata? ResponseTrailers { get; set; }

        public WriteOptions? WriteOptions { get; set; }

        public ICompressionProvider? ResponseCompression { get; set; }

        public AuthContext? AuthContext { get; set; }

        public IDictionary<object, object>? UserState { get; set; }
    }
}
