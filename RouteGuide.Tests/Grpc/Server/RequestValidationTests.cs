using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Routeguide;

namespace RouteGuide.Tests.Grpc.Server;

/// <summary>Requests that are gRPC, and requests that are not.</summary>
public sealed class RequestValidationTests
{
    [Theory]
    [InlineData("application/grpc")]
    [InlineData("application/grpc+proto")]
    [InlineData("application/grpc+anything")]
    [InlineData("application/grpc; charset=utf-8")]
    [InlineData("Application/GRPC")]
    public async Task A_content_type_of_grpc_is_taken_and_answered_with_the_plain_one(string contentType)
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide());
        await using var h2 = await host.ConnectAsync();
        var call = await h2.OpenAsync(Request(("content-type", contentType)));
        await call.SendMessageAsync([], end: true);
        await call.Ended();
        Assert.Equal("0", call.GrpcStatus);
        Assert.Equal("application/grpc", call.Header("content-type"));
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/grpc-web")]
    [InlineData("application/grpcx")]
    [InlineData("text/plain; application/grpc")]
    public async Task Any_other_content_type_is_415_with_status_13(string contentType)
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide());
        await using var h2 = await host.ConnectAsync();
        var call = await h2.OpenAsync(Request(("content-type", contentType)), end: true);
        await call.Ended();
        Assert.Equal("415", call.HttpStatus);
        Assert.Null(call.Header("content-type"));
        Assert.Equal("13", call.GrpcStatus);
        Assert.Equal($"Content-Type '{contentType}' is not supported.", call.GrpcMessage);
        Assert.True(call.IsTrailersOnly);
    }

    [Fact]
    public async Task A_missing_content_type_is_415_with_status_13()
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide());
        await using var h2 = await host.ConnectAsync();
        var call = await h2.OpenAsync(Request(), end: true);
        await call.Ended();
        Assert.Equal("415", call.HttpStatus);
        Assert.Equal("13", call.GrpcStatus);
        Assert.Equal("Content-Type is missing from the request.", call.GrpcMessage);
    }

    [Fact]
    public async Task A_missing_te_is_not_an_error()
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide());
        await using var h2 = await host.ConnectAsync();
        var call = await h2.OpenAsync(Request(("content-type", "application/grpc")));
        await call.SendMessageAsync([], end: true);
        await call.Ended();
        Assert.Equal("0", call.GrpcStatus);
    }

    [Theory]
    [InlineData("application/grpc", HttpStatusCode.UpgradeRequired, "Request protocol 'HTTP/1.1' is not supported.")]
    [InlineData("application/json", HttpStatusCode.UnsupportedMediaType, "Content-Type 'application/json' is not supported.")]
    public async Task HTTP_1_is_426_after_the_content_type_was_looked_at(string contentType, HttpStatusCode status, string message)
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide(), protocols: HttpProtocols.Http1);
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(host.Address, ScriptedRouteGuide.UnaryPath)) { Content = new ByteArrayContent([]) };
        request.Content.Headers.TryAddWithoutValidation("content-type", contentType);
        using var response = await http.SendAsync(request);
        Assert.Equal(status, response.StatusCode);
        Assert.Equal(["13"], response.Headers.GetValues("grpc-status"));
        Assert.Equal([message], response.Headers.GetValues("grpc-message"));
        Assert.Equal(status == HttpStatusCode.UpgradeRequired, response.Headers.Upgrade.Any(u => u.ToString() == "HTTP/2"));
    }

    [Fact]
    public async Task A_name_that_metadata_does_not_allow_does_not_hide_the_others()
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide
        {
            Unary = (_, context) => Task.FromResult(new Feature { Name = context.RequestHeaders.GetValue("x-known") }),
        });
        await using var h2 = await host.ConnectAsync();
        var call = await h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point(), ("x!odd", "1"), ("x-known", "2"));
        Assert.Equal("2", Feature.Parser.ParseFrom(Assert.Single(call.Messages).Payload).Name);
    }

    private static (string, string)[] Request(params (string, string)[] more) =>
        [(":method", "POST"), (":scheme", "http"), (":path", ScriptedRouteGuide.UnaryPath), (":authority", "localhost"), .. more];
}
