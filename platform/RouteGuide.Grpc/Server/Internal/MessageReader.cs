using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Grpc.Core;
using Grpc.Internal;
using Grpc.Net.Compression;
using Microsoft.AspNetCore.Http;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>
/// Takes messages out of a request's body (gRPC over HTTP/2, "Length-Prefixed-Message"), deserializing them where they lie.
/// What is held is bounded: a message that is too long is refused when its prefix is read.
/// </summary>
internal static class MessageReader
{
    private const string CallersFault = "Grpc.AspNetCore.Server.CallersFault";
    private static readonly Status Incomplete = new(StatusCode.Internal, "Incomplete message.");
    private static readonly Status Additional = new(StatusCode.Internal, "Additional data after the message received.");
    private static readonly Status TooLong = new(StatusCode.ResourceExhausted, "Received message exceeds the maximum configured message size.");

    /// <summary>Whether an exception says that the caller sent what cannot be read. It is no fault of the handler that it passes through.</summary>
    public static bool IsCallersFault(Exception exception) => exception.Data.Contains(CallersFault);

    /// <summary>Notes that an exception says so.</summary>
    public static void MarkCallersFault(Exception exception) => exception.Data[CallersFault] = true;

    /// <summary>Reads the only message of a request, to the end of its body.</summary>
    public static ValueTask<T> ReadSingleAsync<T>(HttpContext http, MethodOptions options, Func<DeserializationContext, T> deserializer)
        where T : class
    {
        // A small request is usually there as a whole when its handler starts.
        var body = http.Request.BodyReader;
        var read = body.ReadAsync();
        if (!read.IsCompletedSuccessfully) return ReadSingleSlowlyAsync(body, read, http, options, deserializer);
        return TakeSingle(body, read.Result, http, options, deserializer) is { } message
            ? new ValueTask<T>(message)
            : ReadSingleSlowlyAsync(body, body.ReadAsync(), http, options, deserializer);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<T> ReadSingleSlowlyAsync<T>(
        PipeReader body, ValueTask<ReadResult> read, HttpContext http, MethodOptions options, Func<DeserializationContext, T> deserializer)
        where T : class
    {
        while (true)
        {
            if (TakeSingle(body, await read, http, options, deserializer) is { } message) return message;
            read = body.ReadAsync();
        }
    }

    /// <summary>Takes the only message out of what was read; null if it is not there as a whole, or more may follow.</summary>
    private static T? TakeSingle<T>(PipeReader body, in ReadResult result, HttpContext http, MethodOptions options, Func<DeserializationContext, T> deserializer)
        where T : class
    {
        var buffer = result.Buffer;
        var consumed = buffer.Start;
        try
        {
            ThrowIfCancelled(result);
            if (TryReadPrefix(buffer, options, out var compressed, out var length))
            {
                var end = MessagePrefix.Size + (long)length;
                if (buffer.Length > end) throw new RpcException(Additional);
                if (buffer.Length == end && result.IsCompleted)
                {
                    consumed = buffer.End;
                    return Deserialize(http, options, deserializer, compressed, buffer.Slice(MessagePrefix.Size));
                }
            }

            return result.IsCompleted ? throw new RpcException(Incomplete) : null;
        }
        catch (Exception exception) when (Mark(exception))
        {
            throw;
        }
        finally
        {
            body.AdvanceTo(consumed, buffer.End);
        }
    }

    /// <summary>Reads the next message of a request stream; null at its end.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public static async ValueTask<T?> ReadNextAsync<T>(
        HttpContext http, MethodOptions options, Func<DeserializationContext, T> deserializer, CancellationToken cancellationToken)
        where T : class
    {
        var body = http.Request.BodyReader;
        while (true)
        {
            var result = await body.ReadAsync(cancellationToken);
            var buffer = result.Buffer;
            var consumed = buffer.Start;
            var examined = buffer.End;
            try
            {
                ThrowIfCancelled(result);
                if (TryReadPrefix(buffer, options, out var compressed, out var length) && buffer.Length >= MessagePrefix.Size + (long)length)
                {
                    var payload = buffer.Slice(MessagePrefix.Size, length);
                    // What follows stays unexamined, so that the next read finds it at once.
                    consumed = examined = payload.End;
                    return Deserialize(http, options, deserializer, compressed, payload);
                }

                if (result.IsCompleted) return buffer.IsEmpty ? null : throw new RpcException(Incomplete);
            }
            catch (Exception exception) when (Mark(exception))
            {
                throw;
            }
            finally
            {
                body.AdvanceTo(consumed, examined);
            }
        }
    }

    // Always false, so that nothing is caught and the exception keeps its stack.
    private static bool Mark(Exception exception)
    {
        MarkCallersFault(exception);
        return false;
    }

    private static void ThrowIfCancelled(in ReadResult result)
    {
        if (result.IsCanceled) throw new OperationCanceledException("The read was given up, because the call is over.");
    }

    private static bool TryReadPrefix(in ReadOnlySequence<byte> buffer, MethodOptions options, out bool compressed, out int length)
    {
        compressed = false;
        length = 0;
        if (!MessagePrefix.TryRead(buffer, out var flag, out var size)) return false;

        if (flag > 1) throw new InvalidDataException($"The compressed flag of a message is {flag}, neither 0 nor 1.");
        if (size > int.MaxValue) throw new IOException($"A message of {size} bytes is announced, which is more than can be held.");
        if (size > options.MaxReceiveMessageSize) throw new RpcException(TooLong);
        compressed = flag == 1;
        length = (int)size;
        return true;
    }

    private static T Deserialize<T>(
        HttpContext http, MethodOptions options, Func<DeserializationContext, T> deserializer, bool compressed, in ReadOnlySequence<byte> payload)
    {
        ServerEventSource.Log.MessageReceived();
        if (!compressed) return Payload.Deserialize(deserializer, payload);

        var provider = ProviderOfRequest(http, options);
        using var plain = new PooledBuffer();
        if (!MessageCompression.TryDecompress(provider, payload, options.MaxReceiveMessageSize, plain)) throw new RpcException(TooLong);
        return Payload.Deserialize(deserializer, new ReadOnlySequence<byte>(plain.WrittenMemory));
    }

    private static ICompressionProvider ProviderOfRequest(HttpContext http, MethodOptions options)
    {
        var encoding = http.Request.Headers.GrpcEncoding.ToString();
        if (encoding.Length == 0)
            throw new RpcException(new Status(StatusCode.Internal, "Request did not include grpc-encoding value with compressed message."));
        if (encoding == GrpcEncodings.Identity)
            throw new RpcException(new Status(StatusCode.Internal, "Request sent 'identity' grpc-encoding value with compressed message."));
        if (options.FindProvider(encoding) is { } provider) return provider;

        // gRPC compression, "Supported encodings": the refusal says which ones there are.
        if (!http.Response.HasStarted) http.Response.Headers.GrpcAcceptEncoding = options.AcceptEncoding;
        throw new RpcException(new Status(StatusCode.Unimplemented, $"Unsupported grpc-encoding value '{encoding}'. Supported encodings: {options.SupportedEncodings}"));
    }
}
