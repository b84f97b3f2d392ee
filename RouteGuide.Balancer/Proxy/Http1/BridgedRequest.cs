using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http.Features;
using RouteGuide.Http2.Hpack;

namespace RouteGuide.Balancer.Proxy.Http1;

/// <summary>Request and response of a <see cref="BridgedStream"/>, as Kestrel would show them. Used by one exchange, on whatever thread it is.</summary>
internal sealed class BridgedRequest : IHttpRequestBodyDetectionFeature, IHttpRequestLifetimeFeature, IHttpResponseFeature, IHttpResponseBodyFeature, IHttpResponseTrailersFeature
{
    private readonly BridgedStream _bridge;

    /// <param name="bridge">Whose it is.</param>
    /// <param name="headers">Of the request; copied.</param>
    /// <param name="body">Of the request.</param>
    /// <param name="writer">For the response's body.</param>
    /// <param name="gone">Is told when the client has gone.</param>
    public BridgedRequest(BridgedStream bridge, HeaderList headers, PipeReader body, PipeWriter writer, CancellationToken gone)
    {
        _bridge = bridge;
        Writer = writer;
        RequestAborted = gone;
        var request = new HttpRequestFeature
        {
            Protocol = "HTTP/2",
            Method = headers.Text(KnownHeader.Method) ?? "",
            Headers = Fields(headers),
        };
        IsHead = HttpMethods.IsHead(request.Method);
        request.Body = new BridgedBody(bridge, body.AsStream(), expectsContinue: request.Headers.Expect.ToString().Equals("100-continue", StringComparison.OrdinalIgnoreCase));
        var features = new FeatureCollection();
        features.Set(bridge.Listener);
        features.Set<IHttpRequestFeature>(request);
        features.Set<IHttpRequestBodyDetectionFeature>(this);
        features.Set<IHttpRequestLifetimeFeature>(this);
        features.Set<IHttpResponseFeature>(this);
        features.Set<IHttpResponseBodyFeature>(this);
        features.Set<IHttpResponseTrailersFeature>(this);
        Context = new DefaultHttpContext(features);
    }

    public HttpContext Context { get; }

    public bool IsHead { get; }

    /// <summary>The request did not end with its headers.</summary>
    public bool CanHaveBody { get; set; }

    public CancellationToken RequestAborted { get; set; }

    public int StatusCode { get; set; } = StatusCodes.Status200OK;

    /// <summary>HTTP/2 has none.</summary>
    public string? ReasonPhrase { get; set; }

    public IHeaderDictionary ResponseHeaders { get; private set; } = new HeaderDictionary();

    IHeaderDictionary IHttpResponseFeature.Headers { get => ResponseHeaders; set => ResponseHeaders = value; }

    public IHeaderDictionary Trailers { get; set; } = new HeaderDictionary();

    public bool HasStarted { get; private set; }

    public PipeWriter Writer { get; }

    public Stream Stream => Writer.AsStream(leaveOpen: true);

    Stream IHttpResponseFeature.Body { get => Stream; set => throw NoReplacement(); }

    public void Abort() => _bridge.Abort();

    public Task StartAsync(CancellationToken cancellationToken = default)
    {
        Start(ends: false);
        return Task.CompletedTask;
    }

    /// <summary>The response is whole. One that has not started has no body.</summary>
    public async Task CompleteAsync()
    {
        Start(ends: true);
        await Writer.CompleteAsync();
    }

    public void DisableBuffering()
    {
        // There is no more of it than the pipe.
    }

    public void OnStarting(Func<object, Task> callback, object state) => throw NoReplacement();

    public void OnCompleted(Func<object, Task> callback, object state) => throw NoReplacement();

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) => throw NoReplacement();

    private static NotSupportedException NoReplacement() => new("A relayed response is its target's own.");

    private static IHeaderDictionary Fields(HeaderList list)
    {
        IHeaderDictionary fields = new HeaderDictionary();
        for (var i = 0; i < list.Count; i++)
        {
            if (list[i].Known.IsPseudo()) continue;
            fields.Append(Encoding.ASCII.GetString(list.Name(i)), Encoding.Latin1.GetString(list.Value(i)));
        }

        // RFC 9113 section 8.3.1
        if (list.Text(KnownHeader.Authority) is { Length: > 0 } authority) fields.Host = authority;
        return fields;
    }

    private void Start(bool ends)
    {
        if (HasStarted) return;
        HasStarted = true;
        _bridge.Start(ends);
    }
}
