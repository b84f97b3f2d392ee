using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace RouteGuide.Bench.HotNode;

/// <summary>Replicas of a gRPC service, each with a port and a name of its own, which is what it answers.</summary>
internal sealed class HotNodeReplicas : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Dictionary<int, byte[]> _answers;

    private HotNodeReplicas(WebApplication app, IReadOnlyList<string> names)
    {
        _app = app;
        Names = names;
        Urls = [.. app.Urls];
        _answers = Urls.Zip(names).ToDictionary(pair => new Uri(pair.First).Port, pair => Message(pair.Second));
    }

    public IReadOnlyList<string> Names { get; }

    /// <summary>In the order of the names.</summary>
    public IReadOnlyList<string> Urls { get; }

    public static async Task<HotNodeReplicas> Start(int count)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            for (var i = 0; i < count; i++) kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
        });
        HotNodeReplicas? replicas = null;
        var app = builder.Build();
        app.Run(context => replicas!.Serve(context));
        await app.StartAsync();
        replicas = new HotNodeReplicas(app, [.. Enumerable.Range(1, count).Select(i => "replica-" + i.ToString("00", CultureInfo.InvariantCulture))]);
        return replicas;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task Serve(HttpContext context)
    {
        await context.Request.Body.CopyToAsync(Stream.Null);
        context.Response.ContentType = "application/grpc";
        await context.Response.Body.WriteAsync(_answers[context.Connection.LocalPort]);
        context.Response.AppendTrailer("grpc-status", "0");
    }

    // Not compressed, and its length.
    private static byte[] Message(string text)
    {
        var message = new byte[5 + text.Length];
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), text.Length);
        Encoding.ASCII.GetBytes(text, message.AsSpan(5));
        return message;
    }
}
