using System.Buffers.Binary;
using System.IO.Compression;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace RouteGuide.Tests.Grpc.Client;

/// <summary>gRPC by hand: frames, headers and trailers as the specification has them, written apart from the library under test.</summary>
internal static class Wire
{
    private const int PrefixSize = 5;

    /// <summary>A message with its prefix.</summary>
    public static byte[] Frame(byte[] payload, byte flag = 0)
    {
        var frame = new byte[PrefixSize + payload.Length];
        frame[0] = flag;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), payload.Length);
        payload.CopyTo(frame, PrefixSize);
        return frame;
    }

    public static byte[] Gzip(byte[] payload)
    {
        using var compressed = new MemoryStream();
        using (var stream = new GZipStream(compressed, CompressionLevel.Fastest)) stream.Write(payload);
        return compressed.ToArray();
    }

    public static byte[] Zlib(byte[] payload)
    {
        using var compressed = new MemoryStream();
        using (var stream = new ZLibStream(compressed, CompressionLevel.Fastest)) stream.Write(payload);
        return compressed.ToArray();
    }

    /// <summary>Reads the next message of a request; null at its end.</summary>
    public static async Task<(byte Flag, byte[] Payload)?> ReadMessage(HttpContext context)
    {
        var prefix = new byte[PrefixSize];
        var count = await context.Request.Body.ReadAtLeastAsync(prefix, PrefixSize, throwOnEndOfStream: false);
        if (count == 0) return null;
        if (count < PrefixSize) throw new InvalidDataException($"The request ends inside a prefix, after {count} bytes.");
        var payload = new byte[BinaryPrimitives.ReadInt32BigEndian(prefix.AsSpan(1))];
        await context.Request.Body.ReadExactlyAsync(payload);
        return (prefix[0], payload);
    }

    /// <summary>Reads all messages of a request.</summary>
    public static async Task<List<byte[]>> ReadMessages(HttpContext context)
    {
        var messages = new List<byte[]>();
        while (await ReadMessage(context) is { } message) messages.Add(message.Payload);
        return messages;
    }

    /// <summary>Sends the headers of a response that has messages.</summary>
    public static Task StartResponse(HttpContext context)
    {
        context.Response.ContentType ??= "application/grpc";
        return context.Response.Body.FlushAsync();
    }

    /// <summary>Sends one message.</summary>
    public static async Task Send(HttpContext context, byte[] payload)
    {
        context.Response.ContentType ??= "application/grpc";
        await context.Response.Body.WriteAsync(Frame(payload));
        await context.Response.Body.FlushAsync();
    }

    /// <summary>Sets the status that follows the messages.</summary>
    public static void EndWith(HttpContext context, int status, string? message = null)
    {
        context.Response.AppendTrailer("grpc-status", $"{status}");
        if (message is not null) context.Response.AppendTrailer("grpc-message", message);
    }

    /// <summary>A whole response: messages, then the status.</summary>
    public static async Task Reply(HttpContext context, byte[][] messages, int status = 0, string? message = null)
    {
        await StartResponse(context);
        foreach (var payload in messages) await Send(context, payload);
        EndWith(context, status, message);
    }

    /// <summary>A response that is nothing but headers.</summary>
    public static void TrailersOnly(HttpContext context, int status, string? message = null)
    {
        context.Response.ContentType = "application/grpc";
        context.Response.Headers["grpc-status"] = $"{status}";
        if (message is not null) context.Response.Headers["grpc-message"] = message;
    }

    /// <summary>Resets the stream.</summary>
    public static void Reset(HttpContext context, int errorCode) => context.Features.GetRequiredFeature<IHttpResetFeature>().Reset(errorCode);

    /// <summary>Completes when the client has reset the stream or closed the connection.</summary>
    public static async Task Aborted(HttpContext context)
    {
        var aborted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = context.RequestAborted.Register(() => aborted.TrySetResult());
        await aborted.Task;
    }
}
