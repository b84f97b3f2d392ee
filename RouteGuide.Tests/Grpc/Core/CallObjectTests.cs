using Grpc.Core;

namespace RouteGuide.Tests.Grpc.Core;

/// <summary>The objects that applications and tests make by hand: calls, marshallers, options, definitions, stand-in streams and clients.</summary>
public class CallObjectTests
{
    [Fact]
    public async Task A_call_made_from_functions_asks_them()
    {
        var disposed = 0;
        var call = new AsyncUnaryCall<string>(
            Task.FromResult("response"), Task.FromResult(Metadata.Empty), () => Status.DefaultSuccess, () => Metadata.Empty, () => disposed++);

        Assert.Equal("response", await call);
        Assert.Equal("response", await call.ConfigureAwait(false));
        Assert.Same(Metadata.Empty, await call.ResponseHeadersAsync);
        Assert.Equal(Status.DefaultSuccess, call.GetStatus());
        Assert.Same(Metadata.Empty, call.GetTrailers());
        call.Dispose();
        Assert.Equal(1, disposed);
    }

    [Fact]
    public async Task A_call_made_with_a_state_hands_it_to_its_functions()
    {
        var state = new List<string>();
        var call = new AsyncServerStreamingCall<string>(
            new ListReader<string>(["a", "b"]),
            s => Task.FromResult(new Metadata { { "count", $"{((List<string>)s).Count}" } }),
            s => new Status(StatusCode.OK, $"{((List<string>)s).Count}"),
            _ => Metadata.Empty,
            s => ((List<string>)s).Add("disposed"),
            state);

        Assert.Equal("0", (await call.ResponseHeadersAsync).GetValue("count"));
        Assert.Equal("0", call.GetStatus().Detail);
        call.Dispose();
        Assert.Equal(["disposed"], state);
    }

    [Fact]
    public async Task ReadAllAsync_reads_to_the_end()
    {
        var read = new List<string>();
        await foreach (var item in new ListReader<string>(["a", "b", "c"]).ReadAllAsync()) read.Add(item);

        Assert.Equal(["a", "b", "c"], read);
    }

    [Fact]
    public async Task ReadAllAsync_hands_the_token_of_the_loop_to_the_reader()
    {
        var reader = new ListReader<string>(["a", "b"]);
        using var cancellation = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var item in reader.ReadAllAsync().WithCancellation(cancellation.Token))
            {
                Assert.Equal("a", item);
                await cancellation.CancelAsync();
            }
        });
    }

    [Fact]
    public async Task A_writer_without_cancellation_of_its_own_takes_tokens_that_cannot_be_cancelled()
    {
        var writer = new ListWriter();

        await ((IAsyncStreamWriter<string>)writer).WriteAsync("a", CancellationToken.None);
        Assert.Equal(["a"], writer.Written);
        using var cancellation = new CancellationTokenSource();
        await Assert.ThrowsAsync<NotSupportedException>(() => ((IAsyncStreamWriter<string>)writer).WriteAsync("b", cancellation.Token));
    }

    [Fact]
    public void A_marshaller_made_from_contexts_works_on_arrays_too()
    {
        var marshaller = Marshallers.Create<string>(
            (message, context) =>
            {
                context.SetPayloadLength(message.Length);
                System.Buffers.BuffersExtensions.Write(context.GetBufferWriter(), System.Text.Encoding.ASCII.GetBytes(message));
                context.Complete();
            },
            context => System.Text.Encoding.ASCII.GetString(System.Buffers.BuffersExtensions.ToArray(context.PayloadAsReadOnlySequence())));

        Assert.Equal("abc", marshaller.Deserializer(marshaller.Serializer("abc")));
        Assert.Equal("äöü", Marshallers.StringMarshaller.Deserializer(Marshallers.StringMarshaller.Serializer("äöü")));
    }

    [Fact]
    public void Call_options_change_one_value_at_a_time()
    {
        var headers = new Metadata();
        var deadline = DateTime.UtcNow;
        using var cancellation = new CancellationTokenSource();
        var options = new CallOptions(headers, deadline, cancellation.Token, WriteOptions.Default);

        var changed = options.WithDeadline(DateTime.MaxValue).WithWaitForReady();

        Assert.Equal(DateTime.MaxValue, changed.Deadline);
        Assert.True(changed.IsWaitForReady);
        Assert.False(options.IsWaitForReady);
        Assert.Equal((headers, deadline, cancellation.Token), (options.Headers!, options.Deadline!.Value, options.CancellationToken));
        Assert.Equal((headers, cancellation.Token, WriteOptions.Default), (changed.Headers!, changed.CancellationToken, changed.WriteOptions!));
    }

    [Fact]
    public void A_definition_refuses_two_methods_of_one_name()
    {
        var method = new Method<string, string>(MethodType.Unary, "s", "m", Marshallers.StringMarshaller, Marshallers.StringMarshaller);
        var builder = ServerServiceDefinition.CreateBuilder().AddMethod(method, (string request, ServerCallContext _) => Task.FromResult(request));

        Assert.Equal("/s/m", method.FullName);
        Assert.Throws<ArgumentException>(() => builder.AddMethod(method, (string request, ServerCallContext _) => Task.FromResult(request)));
    }

    [Fact]
    public void Composed_credentials_are_at_least_two() =>
        Assert.Throws<ArgumentException>(() => CallCredentials.Compose(CallCredentials.FromInterceptor((_, _) => Task.CompletedTask)));

    [Fact]
    public void Properties_of_an_authenticated_peer_are_found_by_name()
    {
        var name = AuthProperty.Create("name", "Anna"u8.ToArray());
        var context = new AuthContext("name", new Dictionary<string, List<AuthProperty>> { ["name"] = [name], ["other"] = [AuthProperty.Create("other", [1])] });

        Assert.True(context.IsPeerAuthenticated);
        Assert.Equal("Anna", Assert.Single(context.PeerIdentity).Value);
        Assert.Equal(2, context.Properties.Count());
        Assert.Empty(context.FindPropertiesByName("unknown"));
        Assert.False(new AuthContext(null, []).IsPeerAuthenticated);
    }

    [Fact]
    public void A_client_can_be_stood_in_for_without_a_channel()
    {
        var standIn = new StandIn();

        Assert.Equal("stand-in", standIn.GetFeature(new Routeguide.Point()).Name);
        Assert.ThrowsAny<Exception>(() => standIn.ListFeatures(new Routeguide.Rectangle()));
    }

    private sealed class StandIn : Routeguide.RouteGuide.RouteGuideClient
    {
        public override Routeguide.Feature GetFeature(
            Routeguide.Point request, Metadata? headers = null, DateTime? deadline = null, CancellationToken cancellationToken = default) =>
            new() { Name = "stand-in" };
    }

    private sealed class ListReader<T>(IEnumerable<T> items) : IAsyncStreamReader<T>
    {
        private readonly IEnumerator<T> _items = items.GetEnumerator();

        public T Current => _items.Current;

        public Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return Task.FromResult(_items.MoveNext());
        }
    }

    private sealed class ListWriter : IServerStreamWriter<string>
    {
        public List<string> Written { get; } = [];

        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(string message)
        {
            Written.Add(message);
            return Task.CompletedTask;
        }
    }
}
