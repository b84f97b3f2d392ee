using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace RouteGuide.Tests.Grpc.Client;

/// <summary>The metadata that applications get from a call, and when they get it.</summary>
public class HeadersAndTrailersTests
{
    [Fact]
    public async Task Response_headers_and_trailers_reach_the_application()
    {
        await using var calls = await ByteCalls.Start(async context =>
        {
            context.Response.Headers["x-first"] = "1";
            context.Response.Headers["data-bin"] = "AP8=";
            await Wire.Send(context, [1]);
            Wire.EndWith(context, 0);
            context.Response.AppendTrailer("x-last", "2");
            context.Response.AppendTrailer("more-bin", "AQ");
        });

        using var call = calls.CallUnary();
        var headers = await call.ResponseHeadersAsync;
        await call;
        var trailers = call.GetTrailers();

        Assert.Equal("1", headers.GetValue("x-first"));
        Assert.Equal([0, 255], headers.GetValueBytes("data-bin"));
        Assert.Equal("2", trailers.GetValue("x-last"));
        Assert.Equal([1], trailers.GetValueBytes("more-bin"));
    }

    [Fact]
    public async Task The_protocol_s_own_headers_are_left_out()
    {
        await using var calls = await ByteCalls.Start(async context =>
        {
            context.Response.Headers["grpc-encoding"] = "identity";
            context.Response.Headers["grpc-accept-encoding"] = "gzip";
            await Wire.Reply(context, [[1]], status: 9, message: "m");
        });

        using var call = calls.CallUnary();
        var headers = await call.ResponseHeadersAsync;
        var failure = await ByteCalls.Failure(() => call.ResponseAsync);

        string[] hidden = ["grpc-status", "grpc-message", "grpc-encoding", "grpc-accept-encoding", "content-type", "content-encoding"];
        Assert.DoesNotContain(headers, entry => hidden.Contains(entry.Key));
        Assert.DoesNotContain(failure.Trailers, entry => hidden.Contains(entry.Key));
    }

    [Fact]
    public async Task Repeated_fields_are_separate_entries()
    {
        await using var calls = await ByteCalls.Start(async context =>
        {
            context.Response.Headers["x-many"] = new[] { "1", "2", "3, 4" };
            await Wire.Reply(context, [[1]]);
        });

        using var call = calls.CallUnary();
        var headers = await call.ResponseHeadersAsync;

        Assert.Equal(["1", "2", "3, 4"], headers.GetAll("x-many").Select(entry => entry.Value));
    }

    [Fact]
    public async Task Binary_values_joined_with_commas_are_taken_apart()
    {
        await using var calls = await ByteCalls.Start(async context =>
        {
            context.Response.Headers["x-bin"] = "AQ==,Ag, AwQ=";
            await Wire.Reply(context, [[1]]);
        });

        using var call = calls.CallUnary();
        var headers = await call.ResponseHeadersAsync;

        Assert.Equal<byte[]>([[1], [2], [3, 4]], headers.GetAll("x-bin").Select(entry => entry.ValueBytes));
    }

    [Fact]
    public async Task A_binary_value_that_is_not_base64_is_left_out_and_the_call_keeps_its_status()
    {
        await using var calls = await ByteCalls.Start(async context =>
        {
            await Wire.Reply(context, [], status: 5);
            context.Response.AppendTrailer("bad-bin", "!!!");
            context.Response.AppendTrailer("good", "yes");
        });

        var failure = await calls.UnaryFailure();

        Assert.Equal(StatusCode.NotFound, failure.StatusCode);
        Assert.Null(failure.Trailers.Get("bad-bin"));
        Assert.Equal("yes", failure.Trailers.GetValue("good"));
    }

    [Fact]
    public async Task Trailers_of_a_failed_call_are_on_the_exception_and_on_the_call()
    {
        await using var calls = await ByteCalls.Start(async context =>
        {
            await Wire.Reply(context, [[1]], status: 5);
            context.Response.AppendTrailer("why", "because");
        });

        using var call = calls.CallServerStreaming();
        Assert.True(await call.ResponseStream.MoveNext());
        var failure = await ByteCalls.Failure(() => call.ResponseStream.MoveNext());

        Assert.Equal("because", failure.Trailers.GetValue("why"));
        Assert.Equal("because", call.GetTrailers().GetValue("why"));
    }

    [Fact]
    public async Task Headers_that_are_the_whole_response_are_its_trailers()
    {
        await using var calls = await ByteCalls.Start(context =>
        {
            Wire.TrailersOnly(context, 5, "gone");
            context.Response.Headers["why"] = "because";
            return Task.CompletedTask;
        });

        using var call = calls.CallServerStreaming();
        var failure = await ByteCalls.Failure(() => call.ResponseStream.MoveNext());

        Assert.Equal("because", failure.Trailers.GetValue("why"));
        Assert.Empty(await call.ResponseHeadersAsync);
    }

    [Fact]
    public async Task Response_headers_are_there_before_the_first_message()
    {
        var goOn = new TaskCompletionSource();
        await using var calls = await ByteCalls.Start(async context =>
        {
            context.Response.Headers["x-early"] = "yes";
            await Wire.StartResponse(context);
            await goOn.Task;
            await Wire.Reply(context, [[1]]);
        });

        using var call = calls.CallServerStreaming();
        var headers = await call.ResponseHeadersAsync;
        goOn.SetResult();

        Assert.Equal("yes", headers.GetValue("x-early"));
        Assert.True(await call.ResponseStream.MoveNext());
        Assert.Same(headers, await call.ResponseHeadersAsync);
    }

    [Fact]
    public async Task Response_headers_fail_with_a_call_that_fails_before_them()
    {
        await using var calls = await ByteCalls.Start(context =>
        {
            Wire.Reset(context, 0x2);
            return Task.CompletedTask;
        });

        using var early = calls.CallUnary();
        Assert.Equal(StatusCode.Internal, (await ByteCalls.Failure(() => early.ResponseHeadersAsync)).StatusCode);
        using var late = calls.CallUnary();
        await ByteCalls.Failure(() => late.ResponseAsync);
        Assert.Equal(StatusCode.Internal, (await ByteCalls.Failure(() => late.ResponseHeadersAsync)).StatusCode);
    }

    [Fact]
    public async Task Status_and_trailers_are_not_known_before_the_end()
    {
        var goOn = new TaskCompletionSource();
        await using var calls = await ByteCalls.Start(async context =>
        {
            await Wire.StartResponse(context);
            await goOn.Task;
            await Wire.Reply(context, [[1]]);
        });

        using var call = calls.CallUnary();
        await call.ResponseHeadersAsync;
        Assert.Throws<InvalidOperationException>(() => call.GetStatus());
        Assert.Throws<InvalidOperationException>(() => call.GetTrailers());

        goOn.SetResult();
        await call;
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
        Assert.NotNull(call.GetTrailers());
    }

    [Fact]
    public async Task Status_and_trailers_are_known_after_a_failure_without_an_answer()
    {
        await using var calls = await ByteCalls.Start(context =>
        {
            Wire.Reset(context, 0x8);
            return Task.CompletedTask;
        });

        using var call = calls.CallUnary();
        await ByteCalls.Failure(() => call.ResponseAsync);

        Assert.Equal(StatusCode.Cancelled, call.GetStatus().StatusCode);
        Assert.Empty(call.GetTrailers());
    }
}
