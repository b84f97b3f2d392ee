using Google.Protobuf;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Grpc.Server;

/// <summary>Whole calls by raw HTTP/2.</summary>
internal static class RawGrpcCalls
{
    /// <summary>Sends one message, waits for the end of the reply.</summary>
    public static async Task<RawHttp2Stream> CallAsync(this RawHttp2Connection h2, string path, IMessage request, params (string Name, string Value)[] headers)
    {
        var call = await h2.OpenAsync(RawHttp2Connection.GrpcRequest(path, headers));
        await call.SendMessageAsync(request.ToByteArray(), end: true);
        await call.Ended();
        return call;
    }

    /// <summary>Sends bytes as the whole body, waits for the end of the reply.</summary>
    public static async Task<RawHttp2Stream> CallWithBodyAsync(this RawHttp2Connection h2, string path, byte[] body, params (string Name, string Value)[] headers)
    {
        var call = await h2.OpenAsync(RawHttp2Connection.GrpcRequest(path, headers));
        await call.SendDataAsync(body, end: true);
        await call.Ended();
        return call;
    }
}
