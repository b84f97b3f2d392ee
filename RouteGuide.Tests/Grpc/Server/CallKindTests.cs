using Google.Protobuf;
using Grpc.Core;
using Routeguide;
using RouteGuide.Tests.Support;
using static RouteGuide.Tests.Support.RawHttp2Connection;

namespace RouteGuide.Tests.Grpc.Server;

/// <summary>What goes over the wire for each kind of call that ends well.</summary>
public sealed class CallKindTests
{
    private static readonly Point Somewhere = new() { Latitude = 409146138, Longitude = -746188906 };

    [Fact]
    public async Task A_unary_call_answers_with_headers_one_message_and_the_status_in_trailers()
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide());
        await using var h2 = await host.ConnectAsync();
        var call = await h2.OpenAsync(GrpcRequest(ScriptedRouteGuide.UnaryPath));
        await call.SendMessageAsync(Somewhere.ToByteArray(), end: true);
        await call.Ended();

        Assert.Equal("200", call.HttpStatus);
        Assert.Equal("application/grpc", call.Header("content-type"));
        var (flag, payload) = Assert.Single(call.Messages);
        Assert.Equal(0, flag);
        Assert.Equal(new Feature { Name = "here", Location = Somewhere }, Feature.Parser.ParseFrom(payload));
        Assert.Equal([("grpc-status", "0")], call.Trailers);
        Assert.Null(call.ResetCode);
    }

    [Fact]
    public async Task A_server_streaming_call_sends_each_message_as_it_is_written()
    {
        var next = new SemaphoreSlim(0);
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide
        {
            ServerStreaming = async (request, responses, _) =>
            {
                for (var i = 1; i <= 3; i++)
                {
                    await responses.WriteAsync(new Feature { Name = $"{i}", Location = request.Hi });
                    await next.WaitAsync();
                }
            },
        });
        await using var h2 = await host.ConnectAsync();
        var call = await h2.OpenAsync(GrpcRequest(ScriptedRouteGuide.ServerStreamingPath));
        await call.SendMessageAsync(new Rectangle { Hi = Somewhere }.ToByteArray(), end: true);

        for (var i = 1; i <= 3; i++)
        {
            await call.HasMessages(i);
            Assert.Equal(i, call.Messages.Count);
            Assert.Equal(new Feature { Name = $"{i}", Location = Somewhere }, Feature.Parser.ParseFrom(call.Messages[i - 1].Payload));
            next.Release();
        }

        await call.Ended();
        Assert.Equal([("grpc-status", "0")], call.Trailers);
    }

    [Fact]
    public async Task A_client_streaming_call_reads_all_messages_however_they_are_cut()
    {
        List<Point> seen = [];
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide
        {
            ClientStreaming = async (requests, _) =>
            {
                while (await requests.MoveNext()) seen.Add(requests.Current);
                return new RouteSummary { PointCount = seen.Count };
            },
        });
        await using var h2 = await host.ConnectAsync();
        var call = await h2.OpenAsync(GrpcRequest(ScriptedRouteGuide.ClientStreamingPath));
        var sent = Enumerable.Range(1, 5).Select(i => new Point { Latitude = i, Longitude = -i }).ToArray();
        // Two and a half messages in one frame, then one byte in each.
        var bytes = sent.SelectMany(p => RawHttp2Stream.Frame(p.ToByteArray())).ToArray();
        var cut = bytes.Length / 2;
        await call.SendDataAsync(bytes.AsMemory(0, cut));
        for (var i = cut; i < bytes.Length; i++) await call.SendDataAsync(bytes.AsMemory(i, 1), end: i == bytes.Length - 1);
        await call.Ended();

        Assert.Equal(sent, seen);
        Assert.Equal(5, RouteSummary.Parser.ParseFrom(Assert.Single(call.Messages).Payload).PointCount);
        Assert.Equal("0", call.GrpcStatus);
    }

    [Fact]
    public async Task A_duplex_call_reads_and_writes_at_the_same_time()
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide());
        await using var h2 = await host.ConnectAsync();
        var call = await h2.OpenAsync(GrpcRequest(ScriptedRouteGuide.DuplexPath));
        for (var i = 1; i <= 3; i++)
        {
            await call.SendMessageAsync(new RouteNote { Message = $"note {i}" }.ToByteArray());
            await call.HasMessages(i);
            Assert.Equal($"note {i}", RouteNote.Parser.ParseFrom(call.Messages[i - 1].Payload).Message);
        }

        Assert.False(call.HasEnded);
        await call.SendDataAsync(ReadOnlyMemory<byte>.Empty, end: true);
        await call.Ended();
        Assert.Equal([("grpc-status", "0")], call.Trailers);
        Assert.Null(call.ResetCode);
    }

    [Fact]
    public async Task An_empty_message_is_a_message()
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide { Unary = (_, _) => Task.FromResult(new Feature()) });
        await using var h2 = await host.ConnectAsync();
        var call = await h2.OpenAsync(GrpcRequest(ScriptedRouteGuide.UnaryPath));
        await call.SendMessageAsync([], end: true);
        await call.Ended();

        Assert.Equal([0, 0, 0, 0, 0], call.Data);
        Assert.Equal("0", call.GrpcStatus);
    }

    [Fact]
    public async Task A_stream_without_messages_is_trailers_only_with_status_0()
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide { ServerStreaming = (_, _, _) => Task.CompletedTask });
        await using var h2 = await host.ConnectAsync();
        var call = await h2.OpenAsync(GrpcRequest(ScriptedRouteGuide.ServerStreamingPath));
        await call.SendMessageAsync([], end: true);
        await call.Ended();

        Assert.True(call.IsTrailersOnly);
        Assert.Equal("0", call.GrpcStatus);
        Assert.Equal("0", call.Header("content-length"));
    }

    [Fact]
    public async Task Messages_of_a_megabyte_pass_both_ways()
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide());
        await using var h2 = await host.ConnectAsync();
        var call = await h2.OpenAsync(GrpcRequest(ScriptedRouteGuide.DuplexPath));
        var note = new RouteNote { Message = string.Concat(Enumerable.Range(0, 200_000).Select(i => $"{i:D5}")) };
        await call.SendMessageAsync(note.ToByteArray());
        await call.SendMessageAsync(note.ToByteArray(), end: true);
        await call.Ended();

        Assert.Equal(2, call.Messages.Count);
        Assert.All(call.Messages, m => Assert.Equal(note, RouteNote.Parser.ParseFrom(m.Payload)));
        Assert.Equal("0", call.GrpcStatus);
    }

    [Fact]
    public async Task Many_calls_on_one_connection_do_not_mix()
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide
        {
            Unary = async (point, _) =>
            {
                await Task.Yield();
                return new Feature { Name = $"{point.Latitude}", Location = point };
            },
        });
        await using var h2 = await host.ConnectAsync();
        for (var round = 0; round < 5; round++)
        {
            var calls = new List<RawHttp2Stream>();
            for (var i = 0; i < 60; i++)
            {
                var call = await h2.OpenAsync(GrpcRequest(ScriptedRouteGuide.UnaryPath));
                await call.SendMessageAsync(new Point { Latitude = round * 1000 + i }.ToByteArray(), end: true);
                calls.Add(call);
            }

            for (var i = 0; i < calls.Count; i++)
            {
                await calls[i].Ended();
                Assert.Equal($"{round * 1000 + i}", Feature.Parser.ParseFrom(Assert.Single(calls[i].Messages).Payload).Name);
                Assert.Equal("0", calls[i].GrpcStatus);
            }
        }
    }
}
