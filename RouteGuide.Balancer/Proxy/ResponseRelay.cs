using System.IO.Pipelines;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace RouteGuide.Balancer.Proxy;

/// <summary>Passes a target's response on to the client: the headers at once, the body as it comes, the trailers at its end.</summary>
internal sealed class ResponseRelay(HttpContext context)
{
    /// <summary>Bytes that may wait for one flush while more are there already.</summary>
    private const int FlushThreshold = 32 * 1024;

    private const int ReadSize = 4 * 1024;

    /// <summary>Body bytes written to the client.</summary>
    public long Sent { get; private set; }

    /// <summary>As it stood in the trailers or, trailers-only, in the headers.</summary>
    public string? GrpcStatus { get; private set; }

    /// <summary>The response announced its length, so that it cannot be ended early in an orderly way.</summary>
    public bool HasLength => context.Response.ContentLength is not null;

    /// <exception cref="IOException">The target reset the stream, or the connection to one of the two broke.</exception>
    /// <exception cref="InvalidOperationException">The response contradicts itself (its length, a body where none may be).</exception>
    public async Task Run(HttpResponseMessage response, CancellationToken cancellation)
    {
        WriteHead(response);
        var source = await response.Content.ReadAsStreamAsync(cancellation);
        var writer = context.Response.BodyWriter;

        // A read of no bytes waits for data without holding a buffer for it.
        var more = source.ReadAsync(Memory<byte>.Empty, cancellation);
        if (!more.IsCompleted && GrpcStatus is null) await writer.FlushAsync(cancellation);
        // With a status in its headers a response is trailers-only: its end is a moment away, and both leave in one frame.
        await more;

        await CopyBody(source, writer, cancellation);
        // Kestrel makes up a content-length for a response that ends before it has started; where trailers follow, this prevents it.
        // (Interim: a trailers-only response gets its `content-length: 0` all the same, as from every service on Kestrel.)
        if (Sent == 0 && response.TrailingHeaders.NonValidated.Count > 0) await context.Response.StartAsync(cancellation);
        WriteTrailers(response);
    }

    private async Task CopyBody(Stream source, PipeWriter writer, CancellationToken cancellation)
    {
        var unflushed = 0;
        try
        {
            while (true)
            {
                var count = await source.ReadAsync(writer.GetMemory(ReadSize), cancellation);
                if (count == 0) return;
                writer.Advance(count);
                Sent += count;
                unflushed += count;

                var more = source.ReadAsync(Memory<byte>.Empty, cancellation);
                if (!more.IsCompleted || unflushed >= FlushThreshold)
                {
                    unflushed = 0;
                    await writer.FlushAsync(cancellation);
                }

                await more;
            }
        }
        catch when (unflushed > 0)
        {
            // What came before the break is the client's.
            await writer.FlushAsync(cancellation);
            throw;
        }
    }

    private void WriteHead(HttpResponseMessage response)
    {
        context.Response.StatusCode = (int)response.StatusCode;
        var fields = context.Response.Headers;
        foreach (var (name, values) in response.Headers.NonValidated)
        {
            if (!IsOfConnection(name)) fields[name] = ToStringValues(values);
        }

        foreach (var (name, values) in response.Content.Headers.NonValidated) fields[name] = ToStringValues(values);
        GrpcStatus = fields.TryGetValue(GrpcProtocol.Status, out var status) ? status.ToString() : null;
    }

    private void WriteTrailers(HttpResponseMessage response)
    {
        if (context.Features.Get<IHttpResponseTrailersFeature>() is not { } feature) return;
        foreach (var (name, values) in response.TrailingHeaders.NonValidated)
        {
            feature.Trailers[name] = ToStringValues(values);
            if (name.Equals(GrpcProtocol.Status, StringComparison.OrdinalIgnoreCase)) GrpcStatus = values.ToString();
        }
    }

    // RFC 9113 section 8.2.2.
    private static bool IsOfConnection(string name) =>
        name.Equals("connection", StringComparison.OrdinalIgnoreCase)
        || name.Equals("keep-alive", StringComparison.OrdinalIgnoreCase)
        || name.Equals("proxy-connection", StringComparison.OrdinalIgnoreCase)
        || name.Equals("transfer-encoding", StringComparison.OrdinalIgnoreCase)
        || name.Equals("upgrade", StringComparison.OrdinalIgnoreCase);

    private static StringValues ToStringValues(HeaderStringValues values)
    {
        if (values.Count == 1) return values.ToString();
        var all = new string[values.Count];
        var at = 0;
        foreach (var value in values) all[at++] = value;
        return all;
    }
}
