using Grpc.Core;

namespace RouteGuide.Tests.Grpc.Core;

/// <summary>Statuses and the exceptions that carry them.</summary>
public class StatusAndExceptionTests
{
    [Fact]
    public void A_status_as_text_has_code_and_detail()
    {
        Assert.Equal("Status(StatusCode=\"NotFound\", Detail=\"d\")", new Status(StatusCode.NotFound, "d").ToString());
        Assert.Equal("Status(StatusCode=\"99\", Detail=\"\")", new Status((StatusCode)99, "").ToString());
    }

    [Fact]
    public void A_status_as_text_names_the_exception_behind_it()
    {
        var status = new Status(StatusCode.Internal, "d", new FormatException("why"));

        Assert.Equal("Status(StatusCode=\"Internal\", Detail=\"d\", DebugException=\"System.FormatException: why\")", status.ToString());
        Assert.IsType<FormatException>(status.DebugException);
    }

    [Fact]
    public void The_message_of_an_exception_is_its_status_unless_it_has_another()
    {
        var status = new Status(StatusCode.Aborted, "d");

        Assert.Equal(status.ToString(), new RpcException(status).Message);
        Assert.Equal("mine", new RpcException(status, "mine").Message);
        Assert.Equal(StatusCode.Aborted, new RpcException(status).StatusCode);
    }

    [Fact]
    public void The_trailers_of_an_exception_are_never_null()
    {
        var trailers = new Metadata { { "a", "1" } };

        Assert.Empty(new RpcException(Status.DefaultCancelled).Trailers);
        Assert.Same(trailers, new RpcException(Status.DefaultCancelled, trailers).Trailers);
        Assert.Same(trailers, new RpcException(Status.DefaultCancelled, trailers, "m").Trailers);
        Assert.Throws<ArgumentNullException>(() => new RpcException(Status.DefaultCancelled, (Metadata)null!));
    }

    [Fact]
    public void Codes_have_the_numbers_of_the_wire()
    {
        Assert.Equal(Enumerable.Range(0, 17), Enum.GetValues<StatusCode>().Select(code => (int)code).Order());
        Assert.Equal(16, (int)StatusCode.Unauthenticated);
        Assert.Equal(8, (int)StatusCode.ResourceExhausted);
    }
}
