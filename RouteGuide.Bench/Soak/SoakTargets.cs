using System.Buffers.Binary;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace RouteGuide.Bench.Soak;

/// <summary>The targets of a soak: a method for each kind of call, and two that misbehave.</summary>
internal sealed class SoakTargets : IAsyncDisposable
{
    /// <summary>Messages of an answer that is streamed.</summary>
    public const int Messages = 20;

    private const int Prefix = 5;

    private readonly List<WebApplication> _apps = [];

    private SoakTargets()
    {
    }

    public IReadOnlyList<string> Urls => [.. _apps.Select(a => a.Urls.Single())];

    public static async Task<SoakTargets> Start(int count)
    {
        var targets = new SoakTargets();
        for (var i = 0; i < count; i++)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
            var app = builder.Build();
            app.Run(Serve);
            await app.StartAsync();
            targets._apps.Add(app);
        }

        return targets;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var app in _apps) await app.DisposeAsync();
    }

    private static async Task Serve(HttpContext context)
    {
        var method = context.Request.Path.Value ?? "";
        context.Response.ContentType = "application/grpc";
        if (method.EndsWith("/Silent", StringComparison.Ordinal))
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            return;
        }

        if (method.EndsWith("/Reset", StringComparison.Ordinal))
        {
            await context.Response.StartAsync();
            context.Abort();
            return;
        }

        if (method.EndsWith("/Duplex", StringComparison.Ordinal))
        {
            await Echo(context);
        }
        else
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            var count = method.EndsWith("/ServerStreaming", StringComparison.Ordinal) ? Messages : 1;
            for (var i = 0; i < count; i++) await context.Response.Body.WriteAsync(Message(count == 1 ? 100 : 1_024));
        }

        context.Response.AppendTrailer("grpc-status", "0");
    }

    // Octets as they come: what is a message to one side is one to the other.
    private static async Task Echo(HttpContext context)
    {
        await context.Response.StartAsync();
        var (input, output) = (context.Request.BodyReader, context.Response.BodyWriter);
        while (true)
        {
            var read = await input.ReadAsync();
            foreach (var part in read.Buffer) await output.WriteAsync(part);
            input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted) return;
        }
    }

    private static byte[] Message(int length)
    {
        var message = new byte[Prefix + length];
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), length);
        return message;
    }
}
