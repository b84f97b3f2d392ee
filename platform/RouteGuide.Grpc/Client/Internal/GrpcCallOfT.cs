using Grpc.Core;
using Grpc.Internal;
using Grpc.Net.Compression;

namespace Grpc.Net.Client.Internal;

/// <summary>One attempt at a call: sends the request, and reads the response or lets a stream reader read it.</summary>
internal sealed class GrpcCall<TRequest, TResponse> : GrpcCall
    where TRequest : class
    where TResponse : class
{
    private readonly Method<TRequest, TResponse> _method;
    private readonly string? _requestEncoding;
    private ICompressionProvider? _compression;
    private StreamingContent? _requestStream;
    private Task? _answer;
    private Task<bool>? _accepted;

    public GrpcCall(GrpcChannel channel, Method<TRequest, TResponse> method, MethodInformation information, string? host, in CallOptions options, int previousAttempts = 0)
        : base(channel, method, information, host, options, previousAttempts)
    {
        _method = method;
        _requestEncoding = Headers?.GetValue(GrpcHeaders.InternalEncodingRequest) is { } encoding and not GrpcEncodings.Identity ? encoding : null;
    }

    public Func<DeserializationContext, TResponse> Deserializer => _method.ResponseMarshaller.ContextualDeserializer;

    private bool HasSingleResponse => _method.Type is MethodType.Unary or MethodType.ClientStreaming;

    public AsyncUnaryCall<TResponse> StartUnary(TRequest request)
    {
        Begin();
        return new AsyncUnaryCall<TResponse>(SingleResponseAsync(request), this);
    }

    public AsyncServerStreamingCall<TResponse> StartServerStreaming(TRequest request)
    {
        Begin();
        _accepted = AcceptAsync(request);
        return new AsyncServerStreamingCall<TResponse>(new ResponseStreamReader<TRequest, TResponse>(this), this);
    }

    public AsyncClientStreamingCall<TRequest, TResponse> StartClientStreaming()
    {
        Begin();
        var writer = OpenRequestStream();
        var response = SingleResponseAsync(null);
        _answer = response;
        return new AsyncClientStreamingCall<TRequest, TResponse>(writer, response, this);
    }

    public AsyncDuplexStreamingCall<TRequest, TResponse> StartDuplexStreaming()
    {
        Begin();
        var writer = OpenRequestStream();
        _answer = _accepted = AcceptAsync(null);
        return new AsyncDuplexStreamingCall<TRequest, TResponse>(writer, new ResponseStreamReader<TRequest, TResponse>(this), this);
    }

    /// <summary>Waits for the response's headers; null if the call has ended, by them or before them.</summary>
    public async ValueTask<MessageReader?> OpenResponseAsync() =>
        await _accepted!.ConfigureAwait(false) ? await OpenReaderAsync().ConfigureAwait(false) : null;

    /// <summary>Waits until it is known what the server makes of the call: its response if there is a single one, else its headers.</summary>
    public async Task WaitForAnswerAsync() => await _answer!.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    /// <summary>Serializes a request message behind its prefix.</summary>
    /// <exception cref="RpcException">The message is too large.</exception>
    public void Serialize(TRequest request, WriteOptions? options, PooledBuffer buffer)
    {
        var compression = options is not null && options.Flags.HasFlag(WriteFlags.NoCompress) ? null : _compression;
        MessageSerializer.Serialize(_method.RequestMarshaller.ContextualSerializer, request, compression, Channel.MaxSendMessageSize, buffer);
        ClientEventSource.Log.MessageSent();
    }

    protected override Status CheckEarlyEnd(in Status status) => status.StatusCode == StatusCode.OK && HasSingleResponse
        ? new Status(StatusCode.Internal, "The server ended the call with OK before it sent a message, and this kind of call needs exactly one.")
        : status;

    protected override void OnEnded() => _requestStream?.Abort();

    private RequestStreamWriter<TRequest, TResponse> OpenRequestStream()
    {
        _requestStream = new StreamingContent();
        // It may have ended before there was a stream to abort.
        if (HasEnded) _requestStream.Abort();
        return new RequestStreamWriter<TRequest, TResponse>(this, _requestStream);
    }

    private async Task<TResponse> SingleResponseAsync(TRequest? request)
    {
        TResponse? message = null;
        UnaryContent? unary = null;
        BeginSpan();
        try
        {
            if (!HasEnded)
            {
                FindCompression();
                var content = (HttpContent?)_requestStream ?? (unary = CreateContent(request!));
                if (Accept(await SendAsync(content).ConfigureAwait(false))) message = await ReadSingleAsync().ConfigureAwait(false);
            }
        }
        catch (Exception e)
        {
            Fail(e, ErrorMapping.Starting);
        }
        finally
        {
            unary?.Release();
        }

        return GetStatus().StatusCode == StatusCode.OK ? message! : throw CreateException();
    }

    private async Task<TResponse?> ReadSingleAsync()
    {
        using var reader = await OpenReaderAsync().ConfigureAwait(false);
        TResponse? message = null;
        if (await reader.ReadAsync(Stopped).ConfigureAwait(false))
        {
            message = PayloadDeserializationContext.Deserialize(Deserializer, reader.Payload, ErrorMapping.Starting);
            if (await reader.ReadAsync(Stopped).ConfigureAwait(false))
                throw new RpcException(new Status(StatusCode.Internal, "The server sent a second message, and this kind of call needs exactly one."));
        }

        var status = ResponseStatus.FromTrailers(Response!.TrailingHeaders);
        if (status.StatusCode == StatusCode.OK && message is null) status = new Status(StatusCode.Internal, "Failed to deserialize response message.");
        End(status);
        return message;
    }

    private async Task<bool> AcceptAsync(TRequest? request)
    {
        UnaryContent? unary = null;
        BeginSpan();
        try
        {
            if (HasEnded) return false;
            FindCompression();
            var content = (HttpContent?)_requestStream ?? (unary = CreateContent(request!));
            return Accept(await SendAsync(content).ConfigureAwait(false));
        }
        catch (Exception e)
        {
            Fail(e, ErrorMapping.Starting);
            return false;
        }
        finally
        {
            unary?.Release();
        }
    }

    private async ValueTask<MessageReader> OpenReaderAsync()
    {
        var response = Response!;
        var body = await response.Content.ReadAsStreamAsync(Stopped).ConfigureAwait(false);
        var encoding = response.Headers.NonValidated.TryGetValues(GrpcHeaders.Encoding, out var value) ? value.ToString() : null;
        return new MessageReader(body, encoding, Channel.Compression, Channel.MaxReceiveMessageSize);
    }

    private void FindCompression()
    {
        if (_requestEncoding is null) return;
        _compression = Channel.Compression.Find(_requestEncoding)
            ?? throw new InvalidOperationException($"Could not find compression provider for '{_requestEncoding}'.");
    }

    private UnaryContent CreateContent(TRequest request)
    {
        var buffer = new PooledBuffer();
        try
        {
            Serialize(request, WriteOptions, buffer);
            return new UnaryContent(buffer);
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }

    private Task<HttpResponseMessage> SendAsync(HttpContent content)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, Information.RequestUri)
        {
            Version = Channel.HttpVersion,
            VersionPolicy = Channel.HttpVersionPolicy,
            Content = content,
        };
        if (Host is not null) request.Headers.Host = Host;
        if (PreviousAttempts > 0) request.Headers.TryAddWithoutValidation(GrpcHeaders.PreviousAttempts, $"{PreviousAttempts}");
        RequestHeaders.Write(request, Channel.Compression.AcceptEncoding, _requestEncoding, Deadline - DateTime.UtcNow, Headers);

        return Credentials is null && Channel.CallCredentials.Count == 0
            ? Channel.SendAsync(this, request, Stopped)
            : PrepareAndSendAsync(request);
    }

    private async Task<HttpResponseMessage> PrepareAndSendAsync(HttpRequestMessage request)
    {
        var metadata = await CallCredentialsRunner.RunAsync(Channel, Information, Method, Credentials, Stopped).ConfigureAwait(false);
        RequestHeaders.WriteMetadata(request, metadata);
        return await Channel.SendAsync(this, request, Stopped).ConfigureAwait(false);
    }
}
