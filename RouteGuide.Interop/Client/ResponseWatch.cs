using System.Net;
using RouteGuide.Interop.Wire;

namespace RouteGuide.Interop.Client;

/// <summary>Sees which response messages come compressed, and asks for another host than the address's where the command line says so.</summary>
internal sealed class ResponseWatch(string? hostOverride, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    /// <summary>The flags of the last response. The cases that look at them make one call at a time.</summary>
    public CompressedFlags Last { get; private set; } = new();

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        // The name for TLS follows the host header.
        if (hostOverride is not null) request.Headers.Host = hostOverride;
        var response = await base.SendAsync(request, cancellationToken);
        var flags = new CompressedFlags();
        Last = flags;
        response.Content = new WatchedContent(response.Content, flags);
        return response;
    }

    private sealed class WatchedContent : HttpContent
    {
        private readonly HttpContent _content;
        private readonly CompressedFlags _flags;

        public WatchedContent(HttpContent content, CompressedFlags flags)
        {
            _content = content;
            _flags = flags;
            foreach (var (name, values) in content.Headers.NonValidated) Headers.TryAddWithoutValidation(name, values);
        }

        protected override async Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) =>
            new WatchedStream(await _content.ReadAsStreamAsync(cancellationToken), _flags);

        protected override Task<Stream> CreateContentReadStreamAsync() => CreateContentReadStreamAsync(CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await using var body = await CreateContentReadStreamAsync(CancellationToken.None);
            await body.CopyToAsync(stream);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing) _content.Dispose();
            base.Dispose(disposing);
        }
    }
}
