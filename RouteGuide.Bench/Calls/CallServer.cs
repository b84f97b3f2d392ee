using System.Buffers;
using System.Globalization;
using System.Net;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Routeguide;

namespace RouteGuide.Bench.Calls;

/// <summary>
/// The server of the measurements, a process of its own: the runtime's, or a bare endpoint that puts the same octets, headers and trailers on
/// the wire. It takes calls over plaintext HTTP/2 until its standard input ends, and says what it has used for every line of it.
/// </summary>
internal static class CallServer
{
    public const string Ready = "grpc-server takes calls on ";
    public const string Used = "grpc-server used ";

    public static async Task Serve(bool isBare, TextReader input, TextWriter output)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        if (!isBare) builder.Services.AddGrpc();
        await using var app = builder.Build();
        if (isBare) app.MapPost(CallMessages.UnaryPath, (RequestDelegate)AnswerBare);
        else app.MapGrpcService<CallService>();
        await app.StartAsync();
        await Tell(Ready + app.Urls.Single());
        while (await input.ReadLineAsync() is { } number) await Tell(string.Create(CultureInfo.InvariantCulture, $"{Used}{number} {ProcessUsage.Now()}"));

        async Task Tell(string line)
        {
            await output.WriteLineAsync(line);
            await output.FlushAsync();
        }
    }

    // The least that answers such a call: the request is read to its end, one message written, the status appended.
    private static async Task AnswerBare(HttpContext context)
    {
        var body = context.Request.BodyReader;
        while (true)
        {
            var read = await body.ReadAsync();
            body.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted) break;
        }

        context.Response.ContentType = "application/grpc";
        context.Response.BodyWriter.Write(CallMessages.UnaryReply);
        context.Response.AppendTrailer("grpc-status", "0");
    }
}

/// <summary>What is sent. Small, so that the calls themselves cost and not their content.</summary>
internal static class CallMessages
{
    /// <summary>Messages of one streaming call.</summary>
    public const int PerCall = 1_000;

    /// <summary>Messages each way of one duplex call.</summary>
    public const int PairsPerCall = 100;

    public const string UnaryPath = "/routeguide.RouteGuide/GetFeature";

    /// <summary>10 octets as a message.</summary>
    public static Point Place { get; } = new() { Latitude = 200_000_000, Longitude = 100_000_000 };

    /// <summary>Makes the feature of a place 75 octets.</summary>
    public static string Name { get; } = new('a', 61);

    /// <summary>A request as it travels, with its prefix.</summary>
    public static byte[] UnaryRequest { get; } = Framed(Place);

    /// <summary>The reply to it.</summary>
    public static byte[] UnaryReply { get; } = Framed(Answer(Place));

    /// <summary>What the server answers for a place.</summary>
    public static Feature Answer(Point place) => new() { Name = Name, Location = place };

    private static byte[] Framed(IMessage message)
    {
        var content = message.ToByteArray();
        return [0, 0, 0, 0, (byte)content.Length, .. content];
    }
}

/// <summary>The service: it does next to nothing, so that what is measured is the runtime.</summary>
internal sealed class CallService : Routeguide.RouteGuide.RouteGuideBase
{
    public override Task<Feature> GetFeature(Point request, ServerCallContext context) => Task.FromResult(CallMessages.Answer(request));

    public override async Task ListFeatures(Rectangle request, IServerStreamWriter<Feature> responseStream, ServerCallContext context)
    {
        var feature = CallMessages.Answer(request.Lo);
        for (var i = 0; i < CallMessages.PerCall; i++) await responseStream.WriteAsync(feature);
    }

    public override async Task<RouteSummary> RecordRoute(IAsyncStreamReader<Point> requestStream, ServerCallContext context)
    {
        var summary = new RouteSummary();
        while (await requestStream.MoveNext(CancellationToken.None)) summary.PointCount++;
        return summary;
    }

    public override async Task RouteChat(IAsyncStreamReader<RouteNote> requestStream, IServerStreamWriter<RouteNote> responseStream, ServerCallContext context)
    {
        while (await requestStream.MoveNext(CancellationToken.None)) await responseStream.WriteAsync(requestStream.Current);
    }
}
