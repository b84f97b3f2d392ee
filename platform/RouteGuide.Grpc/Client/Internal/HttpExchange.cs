using Grpc.Internal;

namespace Grpc.Net.Client.Internal;

/// <summary>An exchange over an HTTP handler: one that the application has given, or that can do what the channel's own transport cannot.</summary>
internal sealed class HttpExchange(GrpcCall call) : CallExchange(call)
{
    private StreamingContent? _stream;
    private HttpResponseMessage? _response;
    private Stream? _body;

    public override int HttpStatus => (int)_response!.StatusCode;

    public override Version HttpVersion => _response!.Version;

    public override string? ContentType => _response!.Content.Headers.NonValidated.TryGetValues("Content-Type", out var value) ? value.ToString() : null;

    public override ResponseFields Headers => new(_response!.Headers);

    public override ResponseFields Trailers => new(_response!.TrailingHeaders);

    public override ValueTask SendAsync(in RequestHead head, PooledBuffer? message)
    {
        var content = message is null ? null : new UnaryContent(message);
        try
        {
            var request = new HttpRequestMessage(HttpMethod.Post, head.Information.RequestUri)
            {
                Version = Call.Channel.HttpVersion,
                VersionPolicy = Call.Channel.HttpVersionPolicy,
                Content = (HttpContent?)content ?? Stream(),
            };
            if (head.Host is not null) request.Headers.Host = head.Host;
            var fields = new Fields(request);
            fields.Add("TE", "trailers");
            fields.Add(GrpcHeaders.AcceptEncoding, Call.Channel.Compression.AcceptEncoding);
            var userAgent = RequestHeaders.Write(fields, in head);
            fields.Add("User-Agent", userAgent is null ? ClientInformation.UserAgent : $"{ClientInformation.UserAgent} {userAgent}");
            return new ValueTask(SendAsync(request, content));
        }
        catch
        {
            content?.Release();
            throw;
        }
    }

    public override async ValueTask WriteAsync(PooledBuffer message, bool isMoreToCome)
    {
        var stopped = Call.Stopped;
        var stream = await Stream().OpenAsync(stopped).ConfigureAwait(false);
        await stream.WriteAsync(message.WrittenMemory, stopped).ConfigureAwait(false);
        if (!isMoreToCome) await stream.FlushAsync(stopped).ConfigureAwait(false);
    }

    public override void Complete() => Stream().Complete();

    public override async ValueTask<int> ReadAsync(Memory<byte> destination)
    {
        var stopped = Call.Stopped;
        _body ??= await _response!.Content.ReadAsStreamAsync(stopped).ConfigureAwait(false);
        return await _body.ReadAsync(destination, stopped).ConfigureAwait(false);
    }

    public override void Stop(bool isUnfinished)
    {
        Volatile.Read(ref _stream)?.Abort();
        // Of an answer that has ended nothing is left. For the others the call's token has been cancelled; disposing resets what it did not reach.
        Volatile.Read(ref _response)?.Dispose();
    }

    private async Task SendAsync(HttpRequestMessage request, UnaryContent? content)
    {
        try
        {
            Volatile.Write(ref _response, await Call.Channel.SendAsync(Call, request, Call.Stopped).ConfigureAwait(false));
        }
        finally
        {
            content?.Release();
        }

        // It may have ended in between, before there was a response to dispose.
        if (Call.HasEnded) _response!.Dispose();
    }

    // Whoever needs it first, the request or its first message, makes it. The call may have ended before there was one to abort.
    private StreamingContent Stream()
    {
        if (Volatile.Read(ref _stream) is { } there) return there;
        var made = new StreamingContent();
        var stream = Interlocked.CompareExchange(ref _stream, made, null) ?? made;
        if (Call.HasEnded) stream.Abort();
        return stream;
    }

    private sealed class Fields(HttpRequestMessage request) : IFieldSink
    {
        public void Add(string name, string value)
        {
            // A few names belong to the content in HttpClient's eyes, for example "expires".
            if (!request.Headers.TryAddWithoutValidation(name, value)) request.Content!.Headers.TryAddWithoutValidation(name, value);
        }
    }
}
