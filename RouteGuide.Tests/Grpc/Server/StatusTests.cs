using FsCheck;
using FsCheck.Fluent;
using Grpc.Core;
using Routeguide;
using RouteGuide.Tests.Support;

namespace RouteGuide.Tests.Grpc.Server;

/// <summary>How the outcome of a handler becomes <c>grpc-status</c>, <c>grpc-message</c> and trailers.</summary>
public sealed class StatusTests
{
    [Fact]
    public async Task A_thrown_RpcException_is_trailers_only_with_its_status_and_trailers()
    {
        var call = await FailAsync(new RpcException(new Status(StatusCode.NotFound, "no such place"), new Metadata { { "x-why", "gone" }, { "x-raw-bin", [1, 2, 255] } }));
        Assert.True(call.IsTrailersOnly);
        Assert.Equal("200", call.HttpStatus);
        Assert.Equal("application/grpc", call.Header("content-type"));
        Assert.Equal("5", call.GrpcStatus);
        Assert.Equal("no such place", call.GrpcMessage);
        Assert.Equal("gone", call.Header("x-why"));
        Assert.Equal("AQL/", call.Header("x-raw-bin"));
    }

    [Fact]
    public async Task The_trailers_of_an_RpcException_follow_those_of_the_context()
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide
        {
            Unary = (_, context) =>
            {
                context.ResponseTrailers.Add("x-order", "context");
                throw new RpcException(new Status(StatusCode.Aborted, ""), new Metadata { { "x-order", "exception" } });
            },
        });
        await using var h2 = await host.ConnectAsync();
        var call = await h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point());
        Assert.Equal(["context", "exception"], call.Headers.Where(h => h.Name == "x-order").SelectMany(h => h.Value.Split(", ")));
        Assert.Equal("10", call.GrpcStatus);
        Assert.Null(call.GrpcMessage);
    }

    [Fact]
    public async Task A_thrown_status_OK_is_UNKNOWN_since_a_handler_that_throws_has_not_succeeded()
    {
        var call = await FailAsync(new RpcException(new Status(StatusCode.OK, "fine")));
        Assert.True(call.IsTrailersOnly);
        Assert.Equal("2", call.GrpcStatus);
    }

    [Theory]
    [InlineData(17)]
    [InlineData(99)]
    [InlineData(-1)]
    public async Task A_code_outside_the_known_ones_is_sent_as_it_is(int code)
    {
        var call = await FailAsync(new RpcException(new Status((StatusCode)code, "odd")));
        Assert.Equal($"{code}", call.GrpcStatus);
    }

    [Fact]
    public async Task Any_other_exception_is_UNKNOWN_and_keeps_its_text_to_itself()
    {
        foreach (var exception in new Exception[] { new InvalidOperationException("secret"), new NotSupportedException("secret"), new OperationCanceledException("secret") })
        {
            var call = await FailAsync(exception);
            Assert.Equal("2", call.GrpcStatus);
            Assert.Equal("Exception was thrown by handler.", call.GrpcMessage);
        }
    }

    [Fact]
    public async Task Detailed_errors_tell_the_exception_and_those_inside()
    {
        var exception = new InvalidOperationException("outer", new ArgumentException("inner"));
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide { Unary = (_, _) => throw exception }, options => options.EnableDetailedErrors = true);
        await using var h2 = await host.ConnectAsync();
        var call = await h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point());
        Assert.Equal("Exception was thrown by handler. InvalidOperationException: outer ArgumentException: inner", call.GrpcMessage);
    }

    [Fact]
    public async Task A_status_set_on_the_context_goes_into_the_trailers_after_the_message()
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide
        {
            Unary = (_, context) =>
            {
                context.Status = new Status(StatusCode.DataLoss, "partly");
                context.ResponseTrailers.Add("x-trailer", "t");
                return Task.FromResult(new Feature { Name = "half" });
            },
        });
        await using var h2 = await host.ConnectAsync();
        var call = await h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point());
        Assert.Single(call.Messages);
        Assert.Equal([("x-trailer", "t"), ("grpc-status", "15"), ("grpc-message", "partly")], call.Trailers.OrderByDescending(t => t.Name));
    }

    [Fact]
    public async Task An_exception_after_a_message_goes_into_the_trailers()
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide
        {
            ServerStreaming = async (_, responses, _) =>
            {
                await responses.WriteAsync(new Feature { Name = "one" });
                throw new RpcException(new Status(StatusCode.Unavailable, "lost"), new Metadata { { "x-at", "1" } });
            },
        });
        await using var h2 = await host.ConnectAsync();
        var call = await h2.CallAsync(ScriptedRouteGuide.ServerStreamingPath, new Rectangle());
        Assert.Single(call.Messages);
        Assert.Null(call.Header("grpc-status"));
        Assert.Equal([("grpc-message", "lost"), ("grpc-status", "14"), ("x-at", "1")], call.Trailers.Order());
    }

    [Fact]
    public async Task A_handler_that_returns_null_is_CANCELLED()
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide
        {
            Unary = (_, _) => Task.FromResult<Feature>(null!),
            ClientStreaming = (_, _) => Task.FromResult<RouteSummary>(null!),
        });
        await using var h2 = await host.ConnectAsync();
        foreach (var path in new[] { ScriptedRouteGuide.UnaryPath, ScriptedRouteGuide.ClientStreamingPath })
        {
            var call = await h2.CallAsync(path, new Point());
            Assert.True(call.IsTrailersOnly);
            Assert.Equal("1", call.GrpcStatus);
            Assert.Equal("No message returned from method.", call.GrpcMessage);
        }
    }

    [Theory]
    [InlineData("100%", "100%25")]
    [InlineData("a\r\nb\tc", "a%0D%0Ab%09c")]
    [InlineData("~ !\"#$&'()*+,-./:;<=>?@[\\]^_`{|}", "~ !\"#$&'()*+,-./:;<=>?@[\\]^_`{|}")]
    [InlineData("Straße", "Stra%C3%9Fe")]
    [InlineData("\u007f", "%7F")]
    [InlineData("🚗", "%F0%9F%9A%97")]
    public async Task The_message_is_percent_encoded(string detail, string onTheWire)
    {
        var call = await FailAsync(new RpcException(new Status(StatusCode.Internal, detail)));
        Assert.Equal(onTheWire, call.GrpcMessage);
    }

    [Fact]
    public async Task Any_text_survives_the_wire_as_a_message()
    {
        var detail = "";
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide { Unary = (_, _) => throw new RpcException(new Status(StatusCode.Internal, detail)) });
        await using var h2 = await host.ConnectAsync();
        var property = Prop.ForAll<NonNull<string>>(text =>
        {
            // What is not Unicode cannot be sent; it arrives as the replacement character, as everywhere in UTF-8.
            detail = System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(text.Get));
            // Percent-encoding inside the text is text.
            if (detail.Length % 2 == 1) detail += "%41";
            var call = h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point()).GetAwaiter().GetResult();
            return Uri.UnescapeDataString(call.GrpcMessage ?? "") == detail;
        });
        await Task.Run(() => Check.One(Config.QuickThrowOnFailure.WithMaxTest(200), property));
    }

    [Fact]
    public async Task A_trailer_that_cannot_be_sent_is_a_failure_that_names_its_key()
    {
        await using var host = await GrpcHost.ServeAsync(
            new ScriptedRouteGuide
            {
                Unary = (_, context) =>
                {
                    context.ResponseTrailers.Add("x-bad", "line\nbreak");
                    return Task.FromResult(new Feature());
                },
            },
            options => options.EnableDetailedErrors = true);
        await using var h2 = await host.ConnectAsync();
        var call = await h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point());
        Assert.Equal("2", call.GrpcStatus);
        Assert.Contains("x-bad", call.GrpcMessage, StringComparison.Ordinal);
    }

    private static async Task<RawHttp2Stream> FailAsync(Exception exception)
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide { Unary = (_, _) => throw exception });
        await using var h2 = await host.ConnectAsync();
        return await h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point());
    }
}
