using System.Diagnostics;
using System.Runtime.CompilerServices;
using Google.Protobuf.Reflection;
using Grpc.Core;
using RouteGuide.Client.Cli;
using RouteGuide.Client.Reflection;
using RouteGuide.Client.Scenario;
using RouteGuide.Client.Terminal;

namespace RouteGuide.Client.Calls;

/// <summary>
/// Calls a method that was not known when this program was built. On the wire all four kinds are one: messages go, messages come, and a
/// status ends it. So one way of calling serves them all.
/// </summary>
internal sealed class CallRun(CallSettings settings, ClientConsole console)
{
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(static bytes => bytes, static bytes => bytes);

    public async Task<int> RunAsync(RunContext context)
    {
        using var channel = context.Channels.Create();
        var invoker = channel.CreateCallInvoker();
        try
        {
            var pool = new DescriptorPool(new ReflectionClient(invoker, settings.Headers, settings.Timeout));
            var method = await MethodName.FindAsync(pool, settings.Method, context.Stop);
            var requests = Requests(new RequestSource(settings.Data, pool, console.OpenInput), method, context.Stop);
            var answers = new AnswerText(pool, method.OutputType, settings.EmitDefaults, indented: !settings.Compact);
            return await ExchangeAsync(invoker, method, requests, answers, context.Stop);
        }
        catch (RpcException problem) when (!context.Stop.IsCancellationRequested && Failure.Unconnected(problem, context.Channels.Address) is null)
        {
            await TellAsync(problem.Trailers);
            await console.SayAsync($"{StatusNames.Of(problem.StatusCode)}: {(problem.Status.Detail.Length > 0 ? problem.Status.Detail : "(no detail)")}");
            return ExitCode.StatusBase + (int)problem.StatusCode;
        }
    }

    // A method that takes one message takes an empty one where none is given.
    private static async IAsyncEnumerable<byte[]> Requests(RequestSource source, MethodDescriptor method, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        byte[]? one = null;
        await foreach (var request in source.ReadAsync(method.InputType, cancellationToken))
        {
            if (method.IsClientStreaming) yield return request;
            else if (one is null) one = request;
            else throw new UsageException($"JSON: {method.FullName} takes one {method.InputType.FullName}, and more were given.");
        }

        if (!method.IsClientStreaming) yield return one ?? [];
    }

    private async Task<int> ExchangeAsync(CallInvoker invoker, MethodDescriptor method, IAsyncEnumerable<byte[]> requests, AnswerText answers, CancellationToken stop)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        // What is wrong with a single request is said before anyone is called.
        var first = method.IsClientStreaming ? null : await requests.FirstAsync(stop);
        var raw = new Method<byte[], byte[]>(MethodType.DuplexStreaming, method.Service.FullName, method.Name, Bytes, Bytes);
        var deadline = settings.Timeout is { } time ? DateTime.UtcNow + time : (DateTime?)null;
        var started = Stopwatch.GetTimestamp();
        using var call = invoker.AsyncDuplexStreamingCall(raw, null, new CallOptions(settings.Headers, deadline, ending.Token));
        if (settings.Verbose) await console.Error.WriteLineAsync($"> {raw.FullName}");
        var writing = SendAsync(call.RequestStream, first is null ? requests : One(first), ending);
        long received = 0;
        try
        {
            if (settings.Verbose) await TellAsync(await call.ResponseHeadersAsync);
            for (; await call.ResponseStream.MoveNext(ending.Token); received++)
            {
                await console.Output.WriteAsync(await answers.OfAsync(call.ResponseStream.Current, stop) + "\n");
                await console.Output.FlushAsync(stop);
            }
        }
        catch (Exception problem) when (problem is RpcException or OperationCanceledException && ending.IsCancellationRequested && !stop.IsCancellationRequested)
        {
            // The writer cancelled the call because what it was to send is wrong: that is what there is to tell.
            await writing;
            throw;
        }

        if (writing.IsFaulted) await writing;
        // Else the server has ended the call, and what may still be typed at the input interests nobody.
        await ending.CancelAsync();
        if (method is { IsServerStreaming: false } && received != 1) throw new UnexpectedAnswerException($"{method.FullName} answers with one message, and {received} came.");
        await TellAsync(call.GetTrailers());
        if (settings.Verbose) await console.Error.WriteLineAsync($"< OK, {received} message{(received == 1 ? "" : "s")} in {Stopwatch.GetElapsedTime(started).TotalMilliseconds:0.0} ms");
        return ExitCode.Success;
    }

    private static async IAsyncEnumerable<byte[]> One(byte[] request)
    {
        await Task.CompletedTask;
        yield return request;
    }

    private static async Task SendAsync(IClientStreamWriter<byte[]> stream, IAsyncEnumerable<byte[]> requests, CancellationTokenSource ending)
    {
        try
        {
            await foreach (var request in requests.WithCancellation(ending.Token)) await stream.WriteAsync(request, ending.Token);
            await stream.CompleteAsync();
        }
        catch (Exception problem) when (problem is RpcException or OperationCanceledException or InvalidOperationException)
        {
            // The call has ended; how is told by its answer.
        }
        catch (Exception)
        {
            await ending.CancelAsync();
            throw;
        }
    }

    private async Task TellAsync(Metadata metadata)
    {
        if (!settings.Verbose) return;
        foreach (var entry in metadata)
        {
            await console.Error.WriteLineAsync($"< {Printable.Escape(entry.Key)}: {(entry.IsBinary ? Convert.ToBase64String(entry.ValueBytes) : Printable.Escape(entry.Value))}");
        }
    }
}
