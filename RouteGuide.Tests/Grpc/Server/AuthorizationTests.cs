using System.Security.Claims;
using System.Text.Encodings.Web;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Routeguide;

namespace RouteGuide.Tests.Grpc.Server;

/// <summary>ASP.NET Core's authorization on services and on methods, as a gRPC client sees it.</summary>
public sealed class AuthorizationTests : IAsyncLifetime
{
    private GrpcHost _host = null!;
    private GrpcChannel _channel = null!;

    private Routeguide.RouteGuide.RouteGuideClient Client => new(_channel);

    public async ValueTask InitializeAsync()
    {
        _host = await GrpcHost.StartAsync(
            services =>
            {
                services.AddGrpc();
                services.AddAuthentication(HeaderUsers.Scheme).AddScheme<AuthenticationSchemeOptions, HeaderUsers>(HeaderUsers.Scheme, null);
                services.AddAuthorization();
            },
            app =>
            {
                app.UseAuthentication();
                app.UseAuthorization();
                app.MapGrpcService<Guarded>();
            });
        _channel = GrpcChannel.ForAddress(_host.Address);
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        await _host.DisposeAsync();
    }

    [Theory]
    [InlineData(null, StatusCode.Unauthenticated)]
    [InlineData("guest", StatusCode.OK)]
    public async Task Authorize_on_the_service_asks_who_calls(string? user, StatusCode expected) =>
        Assert.Equal(expected, await StatusOf(Client.GetFeatureAsync(new Point(), As(user)).ResponseAsync));

    [Theory]
    [InlineData(null, StatusCode.Unauthenticated)]
    [InlineData("guest", StatusCode.PermissionDenied)]
    [InlineData("admin", StatusCode.OK)]
    public async Task Authorize_on_a_method_asks_in_addition_what_the_caller_may(string? user, StatusCode expected)
    {
        using var call = Client.ListFeatures(new Rectangle(), As(user));
        Assert.Equal(expected, await StatusOf(call.ResponseStream.MoveNext(CancellationToken.None)));
    }

    [Fact]
    public async Task AllowAnonymous_on_a_method_lets_everyone_call_it()
    {
        using var call = Client.RecordRoute(As(null));
        await call.RequestStream.CompleteAsync();
        Assert.Equal(StatusCode.OK, await StatusOf(call.ResponseAsync));
    }

    private static Metadata As(string? user) => user is null ? [] : new Metadata { { "x-user", user } };

    private static async Task<StatusCode> StatusOf(Task call)
    {
        try
        {
            await call;
            return StatusCode.OK;
        }
        catch (RpcException e)
        {
            return e.StatusCode;
        }
    }

    [Authorize]
    private sealed class Guarded : Routeguide.RouteGuide.RouteGuideBase
    {
        public override Task<Feature> GetFeature(Point request, ServerCallContext context) =>
            Task.FromResult(new Feature { Name = context.GetHttpContext().User.Identity!.Name });

        [Authorize(Roles = "admin")]
        public override Task ListFeatures(Rectangle request, IServerStreamWriter<Feature> responseStream, ServerCallContext context) => Task.CompletedTask;

        [AllowAnonymous]
        public override Task<RouteSummary> RecordRoute(IAsyncStreamReader<Point> requestStream, ServerCallContext context) => Task.FromResult(new RouteSummary());
    }

    /// <summary>Believes what the caller says of itself: the scheme is not what is tested.</summary>
    private sealed class HeaderUsers(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        public new const string Scheme = "header";

        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            if (Request.Headers["x-user"].ToString() is not { Length: > 0 } user) return Task.FromResult(AuthenticateResult.NoResult());
            var identity = new ClaimsIdentity([new Claim(ClaimTypes.Name, user), new Claim(ClaimTypes.Role, user)], Scheme);
            return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme)));
        }
    }
}
