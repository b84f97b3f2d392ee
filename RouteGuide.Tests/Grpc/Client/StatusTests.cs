using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace RouteGuide.Tests.Grpc.Client;

/// <summary>How a response becomes a status.</summary>
public class StatusTests
{
    [Theory]
    [InlineData(5, "not here")]
    [InlineData(16, null)]
    [InlineData(99, "a code that nobody knows")]
    public async Task A_status_in_the_headers_is_the_call_s(int code, string? message)
    {
        await using var calls = await ByteCalls.Start(context =>
        {
            Wire.TrailersOnly(context, code, message);
            return Task.CompletedTask;
        });

        var failure = await calls.UnaryFailure();

        Assert.Equal(code, (int)failure.StatusCode);
        Assert.Equal(message ?? "", failure.Status.Detail);
        Assert.Equal(failure.Status.ToString(), failure.Message);
    }

    [Fact]
    public async Task A_status_in_the_headers_wins_over_the_http_status_and_the_content_type()
    {
        await using var calls = await ByteCalls.Start(context =>
        {
            context.Response.StatusCode = 503;
            context.Response.ContentType = "text/html";
            context.Response.Headers["grpc-status"] = "7";
            context.Response.Headers["grpc-message"] = "no";
            return Task.CompletedTask;
        });

        var failure = await calls.UnaryFailure();

        Assert.Equal((StatusCode.PermissionDenied, "no"), (failure.StatusCode, failure.Status.Detail));
    }

    [Fact]
    public async Task A_message_followed_by_a_status_that_is_not_OK_has_that_status()
    {
        await using var calls = await ByteCalls.Start(context => Wire.Reply(context, [[1]], status: 10, message: "late"));

        var failure = await calls.UnaryFailure();

        Assert.Equal((StatusCode.Aborted, "late"), (failure.StatusCode, failure.Status.Detail));
    }

    [Theory]
    [InlineData("100%25 sure%0A", "100% sure\n")]
    [InlineData("gr%C3%BC%C3%9Fe", "grüße")]
    [InlineData("bad %zz and %4", "bad %zz and %4")]
    public async Task The_status_message_is_percent_decoded_leniently(string sent, string detail)
    {
        await using var calls = await ByteCalls.Start(context => Wire.Reply(context, [], status: 2, message: sent));

        Assert.Equal(detail, (await calls.UnaryFailure()).Status.Detail);
    }

    [Theory]
    [InlineData(400, StatusCode.Internal)]
    [InlineData(431, StatusCode.Internal)]
    [InlineData(401, StatusCode.Unauthenticated)]
    [InlineData(403, StatusCode.PermissionDenied)]
    [InlineData(404, StatusCode.Unimplemented)]
    [InlineData(429, StatusCode.Unavailable)]
    [InlineData(502, StatusCode.Unavailable)]
    [InlineData(503, StatusCode.Unavailable)]
    [InlineData(504, StatusCode.Unavailable)]
    [InlineData(204, StatusCode.Unknown)]
    [InlineData(301, StatusCode.Unknown)]
    [InlineData(408, StatusCode.Unknown)]
    [InlineData(415, StatusCode.Unknown)]
    [InlineData(418, StatusCode.Unknown)]
    [InlineData(500, StatusCode.Unknown)]
    [InlineData(501, StatusCode.Unknown)]
    public async Task An_http_status_without_a_grpc_status_is_mapped(int http, StatusCode code)
    {
        await using var calls = await ByteCalls.Start(context =>
        {
            context.Response.StatusCode = http;
            return Task.CompletedTask;
        });

        var failure = await calls.UnaryFailure();

        Assert.Equal(code, failure.StatusCode);
        Assert.Equal($"Bad gRPC response. HTTP status code: {http}", failure.Status.Detail);
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        var requests = 0;
        await using var calls = await ByteCalls.Start(context =>
        {
            Interlocked.Increment(ref requests);
            context.Response.StatusCode = 307;
            context.Response.Headers.Location = "/bytes.Service/Other";
            return Task.CompletedTask;
        });

        Assert.Equal(StatusCode.Unknown, (await calls.UnaryFailure()).StatusCode);
        Assert.Equal(1, requests);
    }

    [Fact]
    public async Task A_response_without_a_content_type_is_Cancelled()
    {
        await using var calls = await ByteCalls.Start(_ => Task.CompletedTask);

        var failure = await calls.UnaryFailure();

        Assert.Equal(StatusCode.Cancelled, failure.StatusCode);
        Assert.Contains("did not have a content-type header", failure.Status.Detail);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/grpc-web")]
    [InlineData("application/json")]
    public async Task A_response_with_another_content_type_is_Cancelled(string contentType)
    {
        await using var calls = await ByteCalls.Start(context =>
        {
            context.Response.ContentType = contentType;
            return Task.CompletedTask;
        });

        var failure = await calls.UnaryFailure();

        Assert.Equal(StatusCode.Cancelled, failure.StatusCode);
        Assert.Equal($"Bad gRPC response. Invalid content-type value: {contentType}", failure.Status.Detail);
    }

    [Theory]
    [InlineData("application/grpc+proto")]
    [InlineData("application/grpc;charset=utf-8")]
    [InlineData("Application/GRPC")]
    public async Task A_content_type_of_grpc_may_have_a_suffix(string contentType)
    {
        await using var calls = await ByteCalls.Start(context =>
        {
            context.Response.ContentType = contentType;
            return Wire.Reply(context, [[4]]);
        });

        Assert.Equal([4], await calls.CallUnary());
    }

    [Fact]
    public async Task A_response_without_any_grpc_status_is_Cancelled()
    {
        await using var calls = await ByteCalls.Start(context => Wire.Send(context, [1]));

        var failure = await calls.UnaryFailure();
        Assert.Equal((StatusCode.Cancelled, "No grpc-status found on response."), (failure.StatusCode, failure.Status.Detail));

        using var call = calls.CallServerStreaming();
        Assert.True(await call.ResponseStream.MoveNext());
        failure = await ByteCalls.Failure(() => call.ResponseStream.MoveNext());
        Assert.Equal((StatusCode.Cancelled, "No grpc-status found on response."), (failure.StatusCode, failure.Status.Detail));
    }

    [Theory]
    [InlineData("zero")]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("0, 0")]
    [InlineData("99999999999")]
    public async Task A_grpc_status_that_is_not_a_number_is_Cancelled(string status)
    {
        await using var calls = await ByteCalls.Start(async context =>
        {
            await Wire.Send(context, [1]);
            context.Response.AppendTrailer("grpc-status", status);
        });

        Assert.Equal(StatusCode.Cancelled, (await calls.UnaryFailure()).StatusCode);
    }

    [Fact]
    public async Task OK_in_the_headers_of_a_call_that_needs_a_message_is_Internal()
    {
        await using var calls = await ByteCalls.Start(context =>
        {
            Wire.TrailersOnly(context, 0);
            return Task.CompletedTask;
        });

        Assert.Equal(StatusCode.Internal, (await calls.UnaryFailure()).StatusCode);
        using var streaming = calls.CallClientStreaming();
        Assert.Equal(StatusCode.Internal, (await ByteCalls.Failure(() => streaming.ResponseAsync)).StatusCode);
    }

    [Fact]
    public async Task OK_in_the_headers_of_a_stream_is_an_empty_stream()
    {
        await using var calls = await ByteCalls.Start(context =>
        {
            Wire.TrailersOnly(context, 0);
            return Task.CompletedTask;
        });

        using var call = calls.CallServerStreaming();
        Assert.False(await call.ResponseStream.MoveNext());
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task OK_without_a_message_is_Internal()
    {
        await using var calls = await ByteCalls.Start(context => Wire.Reply(context, []));

        var failure = await calls.UnaryFailure();

        Assert.Equal((StatusCode.Internal, "Failed to deserialize response message."), (failure.StatusCode, failure.Status.Detail));
    }

    [Fact]
    public async Task A_second_message_where_one_is_expected_is_Internal()
    {
        await using var calls = await ByteCalls.Start(context => Wire.Reply(context, [[1], [2]]));

        Assert.Equal(StatusCode.Internal, (await calls.UnaryFailure()).StatusCode);
    }

    [Fact]
    public async Task A_status_that_ends_a_stream_is_thrown_after_its_messages()
    {
        await using var calls = await ByteCalls.Start(context => Wire.Reply(context, [[1], [2]], status: 11, message: "past the end"));

        using var call = calls.CallServerStreaming();
        Assert.True(await call.ResponseStream.MoveNext());
        Assert.True(await call.ResponseStream.MoveNext());
        var failure = await ByteCalls.Failure(() => call.ResponseStream.MoveNext());

        Assert.Equal((StatusCode.OutOfRange, "past the end"), (failure.StatusCode, failure.Status.Detail));
        Assert.Equal(StatusCode.OutOfRange, call.GetStatus().StatusCode);
        Assert.Equal(StatusCode.OutOfRange, (await ByteCalls.Failure(() => call.ResponseStream.MoveNext())).StatusCode);
    }
}
