using System.Runtime.CompilerServices;
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
        var writer = new RequestStreamWriter<TRequest, TResponse>(this);
        var response = SingleResponseAsync(null);
        _answer = response;
        return new AsyncClientStreamingCall<TRequest, TResponse>(writer, response, this);
    }

    public AsyncDuplexStreamingCall<TRequest, TResponse> StartDuplexStreaming()
    {
        Begin();
        var writer = new RequestStreamWriter<TRequest, TResponse>(this);
        _answer = _accepted = AcceptAsync(null);
        return new AsyncDuplexStreamingCall<TRequest, TResponse>(writer, new ResponseStreamReader<TRequest, TResponse>(this), this);
    }

    /// <summary>Waits for the response's headers; null if the call has ended, by them or before them.</summary>
    public async ValueTask<MessageReader?> OpenResponseAsync() =>
        await _accepted!.ConfigureAwait(false) ? OpenReader() : null;

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

    /// <summary>Sends a serialized message of the request stream; completes when there is room for another.</summary>
    public ValueTask TransmitAsync(PooledBuffer message, bool isMoreToCome) => Exchange.WriteAsync(message, isMoreToCome);

    /// <summary>Ends the request stream.</summary>
    public void CompleteRequests() => Exchange.Complete();

    protected override Status CheckEarlyEnd(in Status status) => status.StatusCode == StatusCode.OK && HasSingleResponse
        ? new Status(StatusCode.Internal, "The server ended the call with OK before it sent a message, and this kind of call needs exactly one.")
        : status;

    private async Task<TResponse> SingleResponseAsync(TRequest? request)
    {
        TResponse? message = null;
        BeginSpan();
        try
        {
            if (!HasEnded)
            {
                await SendAsync(request).ConfigureAwait(false);
                if (Accept()) message = await ReadSingleAsync().ConfigureAwait(false);
            }
        }
        catch (Exception e)
        {
            Fail(e, ErrorMapping.Starting);
        }

        return GetStatus().StatusCode == StatusCode.OK ? message! : throw CreateException();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<TResponse?> ReadSingleAsync()
    {
        using var reader = OpenReader();
        TResponse? message = null;
        if (await reader.ReadAsync().ConfigureAwait(false))
        {
            message = PayloadDeserializationContext.Deserialize(Deserializer, reader.Payload, ErrorMapping.Starting);
            if (await reader.ReadAsync().ConfigureAwait(false))
                throw new RpcException(new Status(StatusCode.Internal, "The server sent a second message, and this kind of call needs exactly one."));
        }

        var status = ResponseStatus.FromTrailers(Exchange.Trailers);
        if (status.StatusCode == StatusCode.OK && message is null) status = new Status(StatusCode.Internal, "Failed to deserialize response message.");
        End(status);
        return message;
    }

    private async Task<bool> AcceptAsync(TRequest? request)
    {
        BeginSpan();
        try
        {
            if (HasEnded) return false;
            await SendAsync(request).ConfigureAwait(false);
            return Accept();
        }
        catch (Exception e)
        {
            Fail(e, ErrorMapping.Starting);
            return false;
        }
    }

    private MessageReader OpenReader() => new(Exchange, Exchange.Headers.Find(GrpcHeaders.Encoding), Channel.Compression, Channel.MaxReceiveMessageSize);

    private void FindCompression()
    {
        if (_requestEncoding is null) return;
        _compression = Channel.Compression.Find(_requestEncoding)
            ?? throw new InvalidOperationException($"Could not find compression provider for '{_requestEncoding}'.");
    }

    private ValueTask SendAsync(TRequest? request)
    {
        FindCompression();
        PooledBuffer? message = null;
        if (request is not null)
        {
            message = new PooledBuffer();
            try
            {
                Serialize(request, WriteOptions, message);
            }
            catch
            {
                message.Dispose();
                throw;
            }
        }

        return Credentials is null && Channel.CallCredentials.Count == 0 ? Exchange.SendAsync(Head(null), message) : PrepareAndSendAsync(message);
    }

    private async ValueTask PrepareAndSendAsync(PooledBuffer? message)
    {
        Metadata credentials;
        try
        {
            credentials = await CallCredentialsRunner.RunAsync(Channel, Information, Method, Credentials, Stopped).ConfigureAwait(false);
        }
        catch
        {
            message?.Dispose();
            throw;
        }

        await Exchange.SendAsync(Head(credentials), message).ConfigureAwait(false);
    }

    private RequestHead Head(Metadata? credentials) => new(Information, Host, PreviousAttempts, _requestEncoding, Deadline, Headers, credentials);
}
