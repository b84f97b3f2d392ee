using Grpc.Core;
using RouteGuide.Interop.Wire;

namespace RouteGuide.Interop.Server;

/// <summary>Keeps, for each call, which of its request messages came compressed.</summary>
internal static class RequestWatch
{
    private const string Key = "RouteGuide.Interop.CompressedFlags";

    public static void UseRequestWatch(this IApplicationBuilder app) => app.Use(static (context, next) =>
    {
        var flags = new CompressedFlags();
        context.Request.Body = new WatchedStream(context.Request.Body, flags);
        context.Items[Key] = flags;
        return next(context);
    });

    /// <summary>Takes the flag of the message that was just received, and refuses it if it contradicts what the message says of itself.</summary>
    /// <exception cref="RpcException">It does.</exception>
    public static void CheckMessage(this ServerCallContext context, Grpc.Testing.BoolValue? expectCompressed)
    {
        var http = context.GetHttpContext();
        var isCompressed = ((CompressedFlags)http.Items[Key]!).Next()
            ?? throw new InvalidOperationException("A message was received whose frame was not seen.");
        if (expectCompressed is null || expectCompressed.Value == isCompressed) return;
        throw new RpcException(new Status(
            StatusCode.InvalidArgument,
            $"The message should have come {(expectCompressed.Value ? "compressed" : "uncompressed")} and did not; grpc-encoding is '{http.Request.Headers.GrpcEncoding}'."));
    }
}
