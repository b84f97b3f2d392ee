using System.Globalization;
using System.Text;
using RouteGuide.Http2;
using RouteGuide.Http2.Hpack;
using RouteGuide.Http2.Streams;

namespace RouteGuide.Balancer.Proxy;

/// <summary>An answer of the balancer's own. gRPC requests get a status as trailers-only, all others the HTTP code with a line of text.</summary>
internal static class LocalReply
{
    public const string Server = "routeguide-balancer";

    /// <summary>The request cannot be carried to its target group: the code that AWS's load balancer made up for it.</summary>
    public const int VersionMismatch = 464;

    private static readonly HeaderEntry Ok = new(":status", "200");
    private static readonly HeaderEntry ServerField = new("server", Server);
    private static readonly HeaderEntry GrpcType = new("content-type", "application/grpc");
    private static readonly HeaderEntry TextType = new("content-type", "text/plain; charset=utf-8");
    private static readonly HeaderEntry NoStore = new("cache-control", "no-store");

    /// <summary>Answers in the language of the request. The response must not have started.</summary>
    /// <param name="connection">The client's.</param>
    /// <param name="stream">The client's.</param>
    /// <param name="scratch">For the fields.</param>
    /// <param name="kind">What the request is.</param>
    /// <param name="status">For gRPC.</param>
    /// <param name="httpStatus">For others.</param>
    /// <param name="message">For people.</param>
    /// <param name="notes">Are told how long the answer is.</param>
    /// <param name="retryMs">Milliseconds after which the client may come again; 0 says nothing of it.</param>
    public static void Write(Http2Connection connection, Http2Stream stream, HeaderList scratch, in RequestKind kind, GrpcStatus status, int httpStatus, string message, CallNotes notes, long retryMs = 0)
    {
        if (kind.IsGrpc) WriteGrpc(connection, stream, scratch, status, message, notes, retryMs);
        else WriteText(connection, stream, scratch, kind.IsHead, httpStatus, message, notes, retryMs);
    }

    /// <summary>Seconds of <c>retry-after</c> for so many milliseconds.</summary>
    public static string RetryAfter(long retryMs) => ((retryMs + 999) / 1000).ToString(CultureInfo.InvariantCulture);

    /// <summary>A line of text.</summary>
    public static void WriteText(Http2Connection connection, Http2Stream stream, HeaderList scratch, bool isHead, int httpStatus, string message, CallNotes? notes = null, long retryMs = 0)
    {
        scratch.Clear();
        scratch.Add(new HeaderEntry(":status", httpStatus.ToString()));
        scratch.Add(ServerField);
        scratch.Add(TextType);
        scratch.Add(NoStore);
        if (retryMs > 0) scratch.Add("retry-after"u8, Encoding.ASCII.GetBytes(RetryAfter(retryMs)));
        var body = isHead ? [] : Encoding.UTF8.GetBytes(message + "\n");
        notes?.OnFields(scratch);
        notes?.OnLocalBody(body.Length);
        connection.SendHeaders(stream, scratch, endStream: isHead);
        if (!isHead) connection.SendData(stream, body, endStream: true);
    }

    /// <summary>The trailers that end a response which has begun.</summary>
    public static void AddStatus(HeaderList trailers, GrpcStatus status, string message)
    {
        trailers.Add("grpc-status"u8, Encoding.ASCII.GetBytes(GrpcProtocol.TextOf(status)));
        trailers.Add("grpc-message"u8, Encoding.ASCII.GetBytes(GrpcProtocol.EncodeMessage(message)));
    }

    /// <summary>200 and trailers-only: one HEADERS frame that ends the stream.</summary>
    public static void WriteGrpc(Http2Connection connection, Http2Stream stream, HeaderList scratch, GrpcStatus status, string message, CallNotes notes, long retryMs = 0)
    {
        scratch.Clear();
        scratch.Add(Ok);
        scratch.Add(GrpcType);
        scratch.Add(ServerField);
        AddStatus(scratch, status, message);
        if (retryMs > 0) scratch.Add("grpc-retry-pushback-ms"u8, Encoding.ASCII.GetBytes(Math.Min(retryMs, int.MaxValue).ToString(CultureInfo.InvariantCulture)));
        notes.OnFields(scratch);
        connection.SendHeaders(stream, scratch, endStream: true);
    }
}

/// <summary>In which language a request wants its answer.</summary>
internal readonly record struct RequestKind(bool IsGrpc, bool IsHead);
