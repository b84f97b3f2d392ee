using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace RouteGuide.Tests.Balancer;

/// <summary>A target that speaks plaintext HTTP/2 by prior knowledge, or HTTP/1.1, and does what a test says with each request.</summary>
internal sealed class KestrelTarget : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _calls;

    private KestrelTarget(WebApplication app) => _app = app;

    public Uri Url => new(_app.Urls.Single());

    /// <summary>Requests that came in.</summary>
    public int Calls => Volatile.Read(ref _calls);

    /// <param name="handle">Answers a request.</param>
    /// <param name="port">0 for a free one.</param>
    /// <param name="protocols">One of them.</param>
    public static async Task<KestrelTarget> Start(RequestDelegate handle, int port = 0, HttpProtocols protocols = HttpProtocols.Http2)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.RequestHeaderEncodingSelector = _ => System.Text.Encoding.Latin1;
            kestrel.ResponseHeaderEncodingSelector = _ => System.Text.Encoding.Latin1;
            kestrel.Listen(IPAddress.Loopback, port, listen => listen.Protocols = protocols);
        });
        var app = builder.Build();
        var target = new KestrelTarget(app);
        app.Run(context =>
        {
            Interlocked.Increment(ref target._calls);
            return handle(context);
        });
        await app.StartAsync();
        return target;
    }

    /// <summary>Reads the whole request and answers one empty message with status 0.</summary>
    public static async Task Answer(HttpContext context)
    {
        await context.Request.Body.CopyToAsync(Stream.Null);
        context.Response.ContentType = "application/grpc";
        await context.Response.Body.WriteAsync(new byte[5]);
        context.Response.AppendTrailer("grpc-status", "0");
    }

    public async ValueTask DisposeAsync()
    {
        using var atOnce = new CancellationTokenSource();
        await atOnce.CancelAsync();
        await _app.StopAsync(atOnce.Token);
        await _app.DisposeAsync();
    }
}
