using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Grpc.Net.Client;
using Routeguide;
using RouteGuide.Tests.Grpc.Server;

namespace RouteGuide.Tests.Grpc;

/// <summary>Errors with details: <c>google.rpc.Status</c> in <c>grpc-status-details-bin</c>, from a handler to a client.</summary>
public sealed class StatusDetailsTests
{
    private static readonly Google.Rpc.Status Rich = new()
    {
        Code = (int)Code.FailedPrecondition,
        Message = "grüße, not now",
        Details =
        {
            Any.Pack(new ErrorInfo { Reason = "CLOSED", Domain = "routeguide.example" }),
            Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(TimeSpan.FromSeconds(5)) }),
        },
    };

    [Fact]
    public async Task A_status_with_details_that_a_handler_throws_is_read_by_the_client()
    {
        var failure = await Call(() => Rich.ToRpcException());

        Assert.Equal((StatusCode.FailedPrecondition, "grüße, not now"), (failure.StatusCode, failure.Status.Detail));
        Assert.Equal(Rich, failure.GetRpcStatus());
        Assert.Equal("CLOSED", failure.GetStatusDetail<ErrorInfo>()!.Reason);
        Assert.Equal(TimeSpan.FromSeconds(5), failure.GetRpcStatus()!.GetDetail<RetryInfo>()!.RetryDelay.ToTimeSpan());
        Assert.Null(failure.GetStatusDetail<BadRequest>());
    }

    [Fact]
    public async Task The_call_may_end_with_another_code_than_the_status_says()
    {
        var failure = await Call(() => Rich.ToRpcException(StatusCode.Unavailable, "closed"));

        Assert.Equal(new global::Grpc.Core.Status(StatusCode.Unavailable, "closed"), failure.Status);
        Assert.Equal(Rich, failure.GetRpcStatus());
    }

    [Fact]
    public async Task Details_that_cannot_be_read_do_not_hide_the_error()
    {
        var failure = await Call(() => new RpcException(
            new global::Grpc.Core.Status(StatusCode.NotFound, "gone"), new Metadata { { "grpc-status-details-bin", [0xff, 0xff] } }));

        Assert.Equal(StatusCode.NotFound, failure.StatusCode);
        Assert.Null(failure.GetRpcStatus());
        Assert.Throws<InvalidProtocolBufferException>(() => failure.Trailers.GetRpcStatus());
        Assert.Null(failure.Trailers.GetRpcStatus(ignoreParseError: true));
    }

    [Fact]
    public void A_status_set_again_takes_the_place_of_the_first()
    {
        var trailers = new Metadata();
        trailers.SetRpcStatus(new Google.Rpc.Status { Message = "first" });
        trailers.SetRpcStatus(Rich);
        Assert.Equal(Rich, Assert.Single(trailers) is { IsBinary: true } ? trailers.GetRpcStatus() : null);
    }

    [Fact]
    public void An_exception_is_told_with_its_stack_and_those_inside()
    {
        static Exception Thrown()
        {
            try
            {
                throw new InvalidOperationException("outer", new FormatException("inner"));
            }
            catch (InvalidOperationException e)
            {
                return e;
            }
        }

        var info = Thrown().ToRpcDebugInfo(innerDepth: 1);
        Assert.Equal("System.InvalidOperationException: outer", info.Detail);
        Assert.Contains(info.StackEntries, entry => entry.Contains(nameof(Thrown), StringComparison.Ordinal));
        Assert.Contains(info.StackEntries, entry => entry.Contains("inner", StringComparison.Ordinal));
        Assert.DoesNotContain(Thrown().ToRpcDebugInfo().StackEntries, entry => entry.Contains("inner", StringComparison.Ordinal));
    }

    private static async Task<RpcException> Call(Func<Exception> thrown)
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide { Unary = (_, _) => throw thrown() });
        using var channel = GrpcChannel.ForAddress(host.Address);
        return await Assert.ThrowsAsync<RpcException>(async () => await new Routeguide.RouteGuide.RouteGuideClient(channel).GetFeatureAsync(new Point()));
    }
}
