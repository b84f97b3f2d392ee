using FsCheck;
using FsCheck.Fluent;
using Grpc.Core;
using Routeguide;
using static RouteGuide.Tests.Support.RawHttp2Connection;

namespace RouteGuide.Tests.Grpc.Server;

/// <summary>Request headers as the handler sees them, response headers and trailers as it sends them.</summary>
public sealed class MetadataTests
{
    [Fact]
    public async Task Request_headers_are_the_callers_own_with_lower_case_keys()
    {
        var seen = await HeadersSeenAsync(
            ("x-one", "1"), ("user-agent", "me"), ("grpc-encoding", "identity"), ("grpc-accept-encoding", "identity"), ("grpc-timeout", "1H"),
            ("accept-encoding", "gzip"), ("grpc-previous-rpc-attempts", "2"));
        Assert.Equal(["grpc-previous-rpc-attempts=2", "user-agent=me", "x-one=1"], seen.Select(e => $"{e.Key}={e.Value}").Order());
    }

    [Fact]
    public async Task Repeated_text_headers_arrive_as_one_entry()
    {
        var entry = Assert.Single(await HeadersSeenAsync(("x-many", "a"), ("x-many", "b")));
        Assert.Equal("a,b", entry.Value);
    }

    [Theory]
    [InlineData("AQL/", "0102FF")]
    [InlineData("AQ==", "01")]
    [InlineData("AQ", "01")]
    [InlineData("AQI=", "0102")]
    [InlineData("AQI", "0102")]
    [InlineData("", "")]
    public async Task Binary_headers_are_read_with_and_without_padding(string value, string bytes)
    {
        var entry = Assert.Single(await HeadersSeenAsync(("x-raw-bin", value)));
        Assert.True(entry.IsBinary);
        Assert.Equal(bytes, Convert.ToHexString(entry.ValueBytes));
    }

    [Fact]
    public async Task Binary_values_joined_with_commas_are_taken_apart()
    {
        var seen = await HeadersSeenAsync(("x-raw-bin", "AQ==,Ag, Aw=="), ("x-raw-bin", "BA"));
        Assert.Equal(["01", "02", "03", "04"], seen.GetAll("x-raw-bin").Select(e => Convert.ToHexString(e.ValueBytes)));
    }

    [Theory]
    [InlineData("A")]
    [InlineData("AQI=A")]
    [InlineData("!!!!")]
    [InlineData("AQ==AQ==")]
    public async Task A_binary_header_that_is_not_base64_fails_the_handler_that_reads_it(string value)
    {
        await using var host = await GrpcHost.ServeAsync(
            new ScriptedRouteGuide
            {
                Unary = (point, context) => Task.FromResult(new Feature { Name = point.Latitude == 0 ? "unread" : $"{context.RequestHeaders.Count}" }),
            },
            options => options.EnableDetailedErrors = true);
        await using var h2 = await host.ConnectAsync();
        var unread = await h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point(), ("x-raw-bin", value));
        Assert.Equal("0", unread.GrpcStatus);
        var read = await h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point { Latitude = 1 }, ("x-raw-bin", value));
        Assert.Equal("2", read.GrpcStatus);
        Assert.Contains("x-raw-bin", read.GrpcMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Any_bytes_survive_the_wire_both_ways_as_binary_metadata()
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide
        {
            Unary = async (_, context) =>
            {
                var bytes = context.RequestHeaders.GetValueBytes("x-raw-bin")!;
                await context.WriteResponseHeadersAsync(new Metadata { { "x-header-bin", bytes } });
                context.ResponseTrailers.Add("x-trailer-bin", bytes);
                return new Feature();
            },
        });
        await using var h2 = await host.ConnectAsync();
        var property = Prop.ForAll<byte[], bool>((bytes, padded) =>
        {
            bytes ??= [];
            var base64 = Convert.ToBase64String(bytes);
            var call = h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point(), ("x-raw-bin", padded ? base64 : base64.TrimEnd('='))).GetAwaiter().GetResult();
            return call.Header("x-header-bin") == base64 && call.Trailer("x-trailer-bin") == base64;
        });
        await Task.Run(() => Check.One(Config.QuickThrowOnFailure.WithMaxTest(200), property));
    }

    [Fact]
    public async Task Response_headers_are_flushed_at_once()
    {
        var go = new TaskCompletionSource();
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide
        {
            Unary = async (_, context) =>
            {
                await context.WriteResponseHeadersAsync(new Metadata { { "x-early", "yes" }, { "x-early", "indeed" } });
                await go.Task;
                return new Feature();
            },
        });
        await using var h2 = await host.ConnectAsync();
        var call = await h2.OpenAsync(GrpcRequest(ScriptedRouteGuide.UnaryPath));
        await call.SendMessageAsync([], end: true);
        await call.HasHeaders();
        Assert.Equal(["yes", "indeed"], call.Headers.Where(h => h.Name == "x-early").SelectMany(h => h.Value.Split(", ")));
        Assert.Empty(call.Data);
        go.SetResult();
        await call.Ended();
        Assert.Equal("0", call.GrpcStatus);
    }

    [Fact]
    public async Task Response_headers_are_refused_twice_and_after_a_message()
    {
        List<Exception> refused = [];
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide
        {
            ServerStreaming = async (request, responses, context) =>
            {
                if (request.Hi is null) await context.WriteResponseHeadersAsync([]);
                else await responses.WriteAsync(new Feature());
                refused.Add(await Assert.ThrowsAsync<InvalidOperationException>(() => context.WriteResponseHeadersAsync([])));
            },
        });
        await using var h2 = await host.ConnectAsync();
        Assert.Equal("0", (await h2.CallAsync(ScriptedRouteGuide.ServerStreamingPath, new Rectangle())).GrpcStatus);
        Assert.Equal("0", (await h2.CallAsync(ScriptedRouteGuide.ServerStreamingPath, new Rectangle { Hi = new Point() })).GrpcStatus);
        Assert.Equal(2, refused.Count);
    }

    [Theory]
    [InlineData("x-bad", "naïve")]
    [InlineData("x-bad", "a\r\ninjected: 1")]
    public async Task A_response_header_that_cannot_be_sent_names_its_key(string key, string value)
    {
        InvalidOperationException? refused = null;
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide
        {
            Unary = async (_, context) =>
            {
                refused = await Assert.ThrowsAsync<InvalidOperationException>(() => context.WriteResponseHeadersAsync(new Metadata { { key, value } }));
                return new Feature();
            },
        });
        await using var h2 = await host.ConnectAsync();
        var call = await h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point());
        Assert.Equal("0", call.GrpcStatus);
        Assert.Contains(key, refused!.Message, StringComparison.Ordinal);
        Assert.Null(call.Header(key));
        Assert.Null(call.Header("injected"));
    }

    private static async Task<Metadata> HeadersSeenAsync(params (string Name, string Value)[] headers)
    {
        Metadata? seen = null;
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide
        {
            Unary = (_, context) =>
            {
                seen = context.RequestHeaders;
                return Task.FromResult(new Feature());
            },
        });
        await using var h2 = await host.ConnectAsync();
        var call = await h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point(), headers);
        Assert.Equal("0", call.GrpcStatus);
        return seen!;
    }
}
