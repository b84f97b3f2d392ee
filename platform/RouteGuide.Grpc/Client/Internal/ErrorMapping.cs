using System.Net.Sockets;
using System.Text;
using Grpc.Core;

namespace Grpc.Net.Client.Internal;

/// <summary>What an exception of the HTTP layer says about a call.</summary>
internal static class ErrorMapping
{
    /// <summary>Begins the detail of a call that failed before or while its single response was read.</summary>
    public const string Starting = "Error starting gRPC call.";

    /// <summary>Begins the detail of a call that failed while a stream of responses was read.</summary>
    public const string Reading = "Error reading next message.";

    /// <summary>Begins the detail of a write that failed.</summary>
    public const string Writing = "Error writing message.";

    /// <summary>The detail of a call to a server that cannot be connected.</summary>
    public const string NotConnected = "Error connecting to subchannel.";

    /// <summary>The status for an exception; <paramref name="what"/> begins its detail.</summary>
    public static Status ToStatus(Exception exception, string what)
    {
        if (exception is RpcException rpc) return rpc.Status;
        // HttpClient's request stream is disposed when the server has closed it from its side.
        if (exception is OperationCanceledException or ObjectDisposedException) return new Status(StatusCode.Cancelled, Describe(exception, what), exception);

        if (Find<HttpProtocolException>(exception) is { } protocol)
            return new Status(IsClosedConnection(protocol) ? StatusCode.Unavailable : FromHttp2Error(protocol.ErrorCode), Describe(exception, what), exception);

        if (exception is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } && Find<SocketException>(exception) is { } socket)
            return new Status(StatusCode.Unavailable, NotConnected, socket);

        return new Status(IsLostConnection(exception) ? StatusCode.Unavailable : StatusCode.Internal, Describe(exception, what), exception);
    }

    /// <summary>Whether no connection could be made, so that nothing of the request was sent.</summary>
    public static bool IsNotConnected(Exception exception) =>
        exception is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } && Find<SocketException>(exception) is not null;

    /// <summary>HTTP/2 error codes to status codes (gRPC over HTTP/2, "Errors").</summary>
    private static StatusCode FromHttp2Error(long code) => code switch
    {
        0x7 => StatusCode.Unavailable, // REFUSED_STREAM: nothing was done with the call.
        0x8 => StatusCode.Cancelled, // CANCEL
        0xb => StatusCode.ResourceExhausted, // ENHANCE_YOUR_CALM
        0xc => StatusCode.PermissionDenied, // INADEQUATE_SECURITY
        _ => StatusCode.Internal,
    };

    // A server that goes away says GOAWAY with NO_ERROR and closes the connection. HttpClient uses one exception for that and for a stream's
    // own RST_STREAM; only the text tells which it was.
    private static bool IsClosedConnection(HttpProtocolException exception) =>
        exception.ErrorCode == 0 && exception.Message.Contains("closed the connection", StringComparison.Ordinal);

    // HttpClient reports an answer that is not HTTP/2 as an IOException too, and a connection that breaks during the handshake as a wrong answer:
    // what lies innermost tells the two apart.
    private static bool IsLostConnection(Exception exception)
    {
        if (exception is InvalidDataException) return false;
        if (Find<SocketException>(exception) is not null) return true;
        var innermost = exception.GetBaseException();
        return innermost is IOException && (innermost as HttpIOException)?.HttpRequestError is null or HttpRequestError.ResponseEnded or HttpRequestError.ConnectionError;
    }

    private static T? Find<T>(Exception? exception)
        where T : Exception
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            if (exception is T found) return found;
        }

        return null;
    }

    private static string Describe(Exception exception, string what)
    {
        var text = new StringBuilder(what);
        for (var e = exception; e is not null; e = e.InnerException) text.Append(' ').Append(e.GetType().Name).Append(": ").Append(e.Message);
        return text.ToString();
    }
}
