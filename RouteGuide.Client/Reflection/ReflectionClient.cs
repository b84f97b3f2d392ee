using Google.Protobuf;
using Grpc.Core;

namespace RouteGuide.Client.Reflection;

/// <summary>
/// Asks a server what it serves: by <c>grpc.reflection.v1</c>, and where that is not there, by <c>v1alpha</c>. Each question is a call of
/// its own, so that behind a balancer no answer hangs on the replica that gave the last one.
/// </summary>
internal sealed class ReflectionClient(CallInvoker invoker, Metadata headers, TimeSpan? timeout)
{
    private const int FileByFilename = 3;
    private const int FileContainingSymbol = 4;
    private const int ListServices = 7;

    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(static bytes => bytes, static bytes => bytes);
    private static readonly string[] Names = ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];

    private int _name;

    /// <summary>The full names of the services.</summary>
    /// <exception cref="ReflectionException">The server does not tell.</exception>
    /// <exception cref="RpcException">The call failed.</exception>
    public async Task<IReadOnlyList<string>> ServicesAsync(CancellationToken cancellationToken)
    {
        var answer = await AskAsync(ListServices, "*", cancellationToken);
        if (answer.ErrorCode is { } code) throw Refused("its services", code, answer.ErrorMessage);
        return answer.Services;
    }

    /// <summary>The files that declare a symbol, the one with the symbol among them; null where the server does not know it.</summary>
    /// <exception cref="ReflectionException">The server does not tell.</exception>
    /// <exception cref="RpcException">The call failed.</exception>
    public Task<IReadOnlyList<ByteString>?> FilesOfSymbolAsync(string symbol, CancellationToken cancellationToken) => FilesAsync(FileContainingSymbol, symbol, cancellationToken);

    /// <summary>A file by the name that imports write; null where the server does not know it.</summary>
    /// <exception cref="ReflectionException">The server does not tell.</exception>
    /// <exception cref="RpcException">The call failed.</exception>
    public Task<IReadOnlyList<ByteString>?> FilesByNameAsync(string name, CancellationToken cancellationToken) => FilesAsync(FileByFilename, name, cancellationToken);

    private async Task<IReadOnlyList<ByteString>?> FilesAsync(int question, string value, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(question, value, cancellationToken);
        if (answer.ErrorCode is not { } code) return answer.Files;
        // Some servers say INVALID_ARGUMENT or UNKNOWN for a name that they do not have.
        return code is (int)StatusCode.NotFound or (int)StatusCode.InvalidArgument or (int)StatusCode.Unknown ? null : throw Refused($"'{value}'", code, answer.ErrorMessage);
    }

    private async Task<ReflectionAnswer> AskAsync(int field, string value, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await AskAsync(Names[_name], ReflectionAnswer.Question(field, value), cancellationToken);
            }
            catch (RpcException problem) when (problem.StatusCode == StatusCode.Unimplemented)
            {
                if (++_name < Names.Length) continue;
                _name = 0;
                throw new ReflectionException("the server has no reflection service (neither v1 nor v1alpha), so its methods are not known here.", problem);
            }
        }
    }

    private async Task<ReflectionAnswer> AskAsync(string service, byte[] question, CancellationToken cancellationToken)
    {
        var method = new Method<byte[], byte[]>(MethodType.DuplexStreaming, service, "ServerReflectionInfo", Bytes, Bytes);
        var options = new CallOptions(headers, timeout is { } time ? DateTime.UtcNow + time : null, cancellationToken);
        using var call = invoker.AsyncDuplexStreamingCall(method, null, options);
        try
        {
            await call.RequestStream.WriteAsync(question, cancellationToken);
            await call.RequestStream.CompleteAsync();
        }
        catch (Exception problem) when (problem is RpcException or InvalidOperationException)
        {
            // The call has ended already; reading says how.
        }

        if (!await call.ResponseStream.MoveNext(cancellationToken)) throw new ReflectionException("the server's reflection service ended the call without an answer.");
        try
        {
            return ReflectionAnswer.Parse(call.ResponseStream.Current);
        }
        catch (InvalidProtocolBufferException problem)
        {
            throw new ReflectionException($"the answer of the server's reflection service cannot be read: {problem.Message}", problem);
        }
    }

    private static ReflectionException Refused(string what, int code, string message) =>
        new($"the server does not describe {what}: {(StatusCode)code}: {(message.Length > 0 ? message : "(no detail)")}");
}
