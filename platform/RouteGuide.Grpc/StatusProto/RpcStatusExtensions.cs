using Google.Protobuf;
using Grpc.Internal;

namespace Grpc.Core;

/// <summary>Sends a <see cref="Google.Rpc.Status"/> with its details.</summary>
public static class RpcStatusExtensions
{
    /// <summary>An exception that ends a call with a status and carries the status itself, with its details, in <c>grpc-status-details-bin</c>.</summary>
    /// <param name="status">The status. Its code must not be OK: that is no error.</param>
    /// <exception cref="ArgumentNullException">The status is null.</exception>
    public static RpcException ToRpcException(this Google.Rpc.Status status)
    {
        ArgumentNullException.ThrowIfNull(status);
        return status.ToRpcException((StatusCode)status.Code, status.Message);
    }

    /// <summary>The same with a code and a message for the call that differ from the status's own.</summary>
    /// <param name="status">The status to carry.</param>
    /// <param name="statusCode">The code that the call ends with.</param>
    /// <param name="message">The message that the call ends with.</param>
    /// <exception cref="ArgumentNullException">The status is null.</exception>
    public static RpcException ToRpcException(this Google.Rpc.Status status, StatusCode statusCode, string message)
    {
        ArgumentNullException.ThrowIfNull(status);
        var trailers = new Metadata();
        trailers.SetRpcStatus(status);
        return new RpcException(new Status(statusCode, message), trailers);
    }
}

/// <summary>Reads the status with details that a call ended with.</summary>
public static class RpcExceptionExtensions
{
    /// <summary>The status with details; null if the server sent none, or none that can be read.</summary>
    /// <param name="ex">How the call ended.</param>
    /// <exception cref="ArgumentNullException">The exception is null.</exception>
    public static Google.Rpc.Status? GetRpcStatus(this RpcException ex)
    {
        ArgumentNullException.ThrowIfNull(ex);
        return ex.Trailers.GetRpcStatus(ignoreParseError: true);
    }

    /// <summary>The first detail of a type; null if there is none.</summary>
    /// <typeparam name="T">The type of the detail, for example <see cref="Google.Rpc.BadRequest"/>.</typeparam>
    /// <param name="ex">How the call ended.</param>
    /// <exception cref="ArgumentNullException">The exception is null.</exception>
    public static T? GetStatusDetail<T>(this RpcException ex)
        where T : class, IMessage<T>, new()
    {
        ArgumentNullException.ThrowIfNull(ex);
        return ex.GetRpcStatus()?.GetDetail<T>();
    }
}

/// <summary>The status with details among trailers.</summary>
public static class MetadataExtensions
{
    /// <summary>The status with details; null if there is none.</summary>
    /// <param name="metadata">The trailers of a call.</param>
    /// <param name="ignoreParseError">Whether a value that cannot be read counts as none.</param>
    /// <exception cref="ArgumentNullException">The metadata is null.</exception>
    /// <exception cref="InvalidProtocolBufferException">The value cannot be read, and that is not ignored.</exception>
    public static Google.Rpc.Status? GetRpcStatus(this Metadata metadata, bool ignoreParseError = false)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        if (metadata.GetValueBytes(GrpcHeaders.StatusDetails) is not { } bytes) return null;
        try
        {
            return Google.Rpc.Status.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException) when (ignoreParseError)
        {
            return null;
        }
    }

    /// <summary>Puts a status with details into trailers, in the place of one that is there.</summary>
    /// <param name="metadata">The trailers.</param>
    /// <param name="status">The status.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static void SetRpcStatus(this Metadata metadata, Google.Rpc.Status status)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        ArgumentNullException.ThrowIfNull(status);
        while (metadata.Get(GrpcHeaders.StatusDetails) is { } present) metadata.Remove(present);
        metadata.Add(GrpcHeaders.StatusDetails, status.ToByteArray());
    }
}

/// <summary>Tells exceptions in details.</summary>
public static class ExceptionExtensions
{
    /// <summary>An exception as a detail: its stack, and those of the exceptions inside. It tells callers about the server's code.</summary>
    /// <param name="exception">The exception.</param>
    /// <param name="innerDepth">How many exceptions inside are told too.</param>
    /// <exception cref="ArgumentNullException">The exception is null.</exception>
    public static Google.Rpc.DebugInfo ToRpcDebugInfo(this Exception exception, int innerDepth = 0)
    {
        ArgumentNullException.ThrowIfNull(exception);
        var info = new Google.Rpc.DebugInfo { Detail = $"{exception.GetType().FullName}: {exception.Message}" };
        for (var (e, depth) = ((Exception?)exception, 0); e is not null && depth <= innerDepth; e = e.InnerException, depth++)
        {
            if (depth > 0) info.StackEntries.Add($"InnerException: {e.GetType().FullName}: {e.Message}");
            info.StackEntries.AddRange((e.StackTrace ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        }

        return info;
    }
}
