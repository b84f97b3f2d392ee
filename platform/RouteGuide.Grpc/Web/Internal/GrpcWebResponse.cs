using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Grpc.Internal;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Grpc.AspNetCore.Web.Internal;

/// <summary>The body of a gRPC-Web response: messages as they are or as base64, then the trailers as a frame with the highest bit set.</summary>
internal sealed class GrpcWebResponse : IHttpResponseBodyFeature, IHttpResponseTrailersFeature, IHttpResetFeature, IAsyncDisposable
{
    private const byte TrailersFlag = 0x80;

    private readonly HttpContext _http;
    private readonly IHttpResponseBodyFeature _inner;
    private readonly Base64PipeWriter? _text;
    private Stream? _stream;
    private bool _isFinished;
    private volatile bool _isComplete;

    public GrpcWebResponse(HttpContext http, IHttpResponseBodyFeature inner, bool isText)
    {
        _http = http;
        _inner = inner;
        _text = isText ? new Base64PipeWriter(inner.Writer) : null;
    }

    public PipeWriter Writer => _text ?? _inner.Writer;

    public Stream Stream => _stream ??= Writer.AsStream();

    public IHeaderDictionary Trailers { get; set; } = new HeaderDictionary();

    public void DisableBuffering() => _inner.DisableBuffering();

    public Task StartAsync(CancellationToken cancellationToken = default) => _inner.StartAsync(cancellationToken);

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        SendFileFallback.SendFileAsync(Stream, path, offset, count, cancellationToken);

    public async Task CompleteAsync()
    {
        await FinishAsync();
        await _inner.CompleteAsync();
        _isComplete = true;
    }

    /// <summary>Writes the trailers, once. Without any, the headers have said everything.</summary>
    public async ValueTask FinishAsync()
    {
        if (_isFinished) return;
        _isFinished = true;
        if (Trailers.Count > 0) WriteTrailers();
        await Writer.FlushAsync();
    }

    /// <summary>
    /// Stands in for RST_STREAM where there are no streams. A response that is complete needs none: breaking the connection off would lose what is on
    /// its way.
    /// </summary>
    public void Reset(int errorCode)
    {
        if (!_isComplete) _http.Abort();
    }

    public ValueTask DisposeAsync()
    {
        _text?.Dispose();
        return default;
    }

    private void WriteTrailers()
    {
        var block = new StringBuilder();
        foreach (var (name, values) in Trailers)
        {
            foreach (var value in values) block.Append(name.ToLowerInvariant()).Append(": ").Append(value).Append("\r\n");
        }

        var bytes = Encoding.Latin1.GetBytes(block.ToString());
        var prefix = Writer.GetSpan(MessagePrefix.Size);
        MessagePrefix.Write(prefix, compressed: false, bytes.Length);
        prefix[0] = TrailersFlag;
        Writer.Advance(MessagePrefix.Size);
        Writer.Write(bytes);
    }
}
