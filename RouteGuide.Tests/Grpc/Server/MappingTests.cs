using System.Net;
using System.Net.Http.Headers;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.DependencyInjection;
using Routeguide;

namespace RouteGuide.Tests.Grpc.Server;

/// <summary>Endpoints of services, and requests for what is not there.</summary>
public sealed class MappingTests
{
    [Fact]
    public async Task Each_method_is_an_endpoint_with_its_metadata()
    {
        await using var host = await GrpcHost.StartAsync(services => services.AddGrpc(), app => app.MapGrpcService<Guarded>());
        var endpoints = host.Services.GetRequiredService<EndpointDataSource>().Endpoints
            .Where(e => e.Metadata.GetMetadata<GrpcMethodMetadata>() is not null)
            .Cast<RouteEndpoint>()
            .ToArray();
        Assert.Equal(
            ["gRPC - /routeguide.RouteGuide/GetFeature", "gRPC - /routeguide.RouteGuide/ListFeatures", "gRPC - /routeguide.RouteGuide/RecordRoute", "gRPC - /routeguide.RouteGuide/RouteChat"],
            endpoints.Select(e => e.DisplayName).Order());

        var unary = endpoints.Single(e => e.RoutePattern.RawText == ScriptedRouteGuide.UnaryPath);
        var metadata = unary.Metadata.GetRequiredMetadata<GrpcMethodMetadata>();
        Assert.Equal(typeof(Guarded), metadata.ServiceType);
        Assert.Equal(MethodType.Unary, metadata.Method.Type);
        Assert.Equal(ScriptedRouteGuide.UnaryPath, metadata.Method.FullName);
        var verbs = unary.Metadata.GetRequiredMetadata<IHttpMethodMetadata>();
        Assert.Equal(["POST"], verbs.HttpMethods);
        Assert.True(verbs.AcceptCorsPreflight);
        // The method's attribute comes last, and so wins.
        Assert.Equal(["the type", "the method"], unary.Metadata.GetOrderedMetadata<MarkAttribute>().Select(m => m.Where));
        var other = endpoints.Single(e => e.RoutePattern.RawText == ScriptedRouteGuide.DuplexPath);
        Assert.Equal(["the type"], other.Metadata.GetOrderedMetadata<MarkAttribute>().Select(m => m.Where));
    }

    [Fact]
    public async Task Attributes_of_authorization_guard_the_method()
    {
        await using var host = await GrpcHost.StartAsync(
            services =>
            {
                services.AddGrpc();
                services.AddAuthorization(options => options.AddPolicy("nobody", policy => policy.RequireAssertion(_ => false)));
                services.AddSingleton<IAuthorizationMiddlewareResultHandler, Answers403>();
            },
            app =>
            {
                app.UseRouting();
                app.UseAuthorization();
                app.MapGrpcService<Guarded>();
            });
        await using var h2 = await host.ConnectAsync();
        Assert.Equal("403", (await h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point())).HttpStatus);
        Assert.Equal("12", (await h2.CallAsync(ScriptedRouteGuide.ServerStreamingPath, new Rectangle())).GrpcStatus);
    }

    [Fact]
    public async Task Conventions_reach_every_endpoint_of_the_service()
    {
        await using var host = await GrpcHost.StartAsync(
            services => services.AddGrpc(),
            app => app.MapGrpcService<Guarded>().WithMetadata(new MarkAttribute("added")));
        var endpoints = host.Services.GetRequiredService<EndpointDataSource>().Endpoints.Where(e => e.Metadata.GetMetadata<GrpcMethodMetadata>() is not null);
        Assert.All(endpoints, e => Assert.Equal("added", e.Metadata.GetMetadata<MarkAttribute>()!.Where));
    }

    [Fact]
    public async Task Paths_are_matched_in_any_case()
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide { Unary = (_, context) => Task.FromResult(new Feature { Name = context.Method }) });
        await using var h2 = await host.ConnectAsync();
        var call = await h2.CallAsync("/ROUTEGUIDE.routeguide/getfeature", new Point());
        Assert.Equal("/ROUTEGUIDE.routeguide/getfeature", Feature.Parser.ParseFrom(Assert.Single(call.Messages).Payload).Name);
    }

    [Fact]
    public async Task An_unknown_method_is_UNIMPLEMENTED()
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide());
        await using var h2 = await host.ConnectAsync();
        var call = await h2.CallAsync("/routeguide.RouteGuide/Nothing", new Point());
        Assert.True(call.IsTrailersOnly);
        Assert.Equal("200", call.HttpStatus);
        Assert.Equal("application/grpc", call.Header("content-type"));
        Assert.Equal("12", call.GrpcStatus);
        Assert.Equal("Method is unimplemented.", call.GrpcMessage);
    }

    [Fact]
    public async Task An_unknown_service_is_UNIMPLEMENTED()
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide());
        await using var h2 = await host.ConnectAsync();
        var call = await h2.CallAsync("/some.Service/Method", new Point());
        Assert.True(call.IsTrailersOnly);
        Assert.Equal("12", call.GrpcStatus);
        Assert.Equal("Service is unimplemented.", call.GrpcMessage);
    }

    [Fact]
    public async Task A_method_that_is_not_overridden_is_UNIMPLEMENTED_without_a_message()
    {
        await using var host = await GrpcHost.StartAsync(services => services.AddGrpc(), app => app.MapGrpcService<Guarded>());
        await using var h2 = await host.ConnectAsync();
        var call = await h2.CallAsync(ScriptedRouteGuide.ServerStreamingPath, new Rectangle());
        Assert.True(call.IsTrailersOnly);
        Assert.Equal("12", call.GrpcStatus);
        Assert.Null(call.GrpcMessage);
    }

    [Theory]
    [InlineData("POST", "/some.Service/Method", "text/plain")]
    [InlineData("POST", "/routeguide.RouteGuide/Nothing", "text/plain")]
    [InlineData("POST", "/one/two/three", "application/grpc")]
    [InlineData("POST", "/one", "application/grpc")]
    [InlineData("GET", ScriptedRouteGuide.UnaryPath, "application/grpc")]
    [InlineData("OPTIONS", ScriptedRouteGuide.UnaryPath, "application/grpc")]
    public async Task What_is_not_a_call_is_left_to_the_rest_of_the_application(string method, string path, string contentType)
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide());
        await using var h2 = await host.ConnectAsync();
        var call = await h2.OpenAsync([(":method", method), (":scheme", "http"), (":path", path), (":authority", "localhost"), ("content-type", contentType)], end: true);
        await call.Ended();
        Assert.Equal("404", call.HttpStatus);
        Assert.Null(call.GrpcStatus);
    }

    [Fact]
    public async Task Unknown_services_can_be_ignored()
    {
        await using var host = await GrpcHost.ServeAsync(new ScriptedRouteGuide(), options => options.IgnoreUnknownServices = true);
        await using var h2 = await host.ConnectAsync();
        Assert.Equal("404", (await h2.CallAsync("/some.Service/Method", new Point())).HttpStatus);
        Assert.Equal("404", (await h2.CallAsync("/routeguide.RouteGuide/Nothing", new Point())).HttpStatus);
        Assert.Equal("200", (await h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point())).HttpStatus);
    }

    [Fact]
    public async Task Unknown_methods_of_one_service_can_be_ignored()
    {
        await using var host = await GrpcHost.StartAsync(
            services =>
            {
                services.AddGrpc().AddServiceOptions<ScriptedRouteGuide>(options => options.IgnoreUnknownServices = true);
                services.AddSingleton(new ScriptedRouteGuide());
            },
            app => app.MapGrpcService<ScriptedRouteGuide>());
        await using var h2 = await host.ConnectAsync();
        // The service leaves it alone; the endpoint for services that are not mapped takes it.
        Assert.Equal("Service is unimplemented.", (await h2.CallAsync("/routeguide.RouteGuide/Nothing", new Point())).GrpcMessage);
    }

    [Fact]
    public async Task Other_endpoints_of_two_segments_are_not_shadowed()
    {
        await using var host = await GrpcHost.StartAsync(
            services => services.AddGrpc(),
            app =>
            {
                app.MapGrpcService<Guarded>();
                app.MapPost("/{a}/{b}", (string a, string b) => $"{a}+{b}");
            });
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(host.Address, "/x/y")) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/plain"));
        using var response = await http.SendAsync(request);
        Assert.Equal("x+y", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Mapping_without_AddGrpc_says_what_to_call()
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => GrpcHost.StartAsync(_ => { }, app => app.MapGrpcService<Guarded>()));
        Assert.Contains("AddGrpc", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_definition_is_served_for_all_kinds()
    {
        var service = new ScriptedRouteGuide();
        await using var host = await GrpcHost.StartAsync(services => services.AddGrpc(), app => app.MapGrpcService(_ => Routeguide.RouteGuide.BindService(service)));
        await using var h2 = await host.ConnectAsync();
        Assert.Equal("0", (await h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point())).GrpcStatus);
        Assert.Equal(3, (await h2.CallAsync(ScriptedRouteGuide.ServerStreamingPath, new Rectangle())).Messages.Count);
        Assert.Equal(1, RouteSummary.Parser.ParseFrom((await h2.CallAsync(ScriptedRouteGuide.ClientStreamingPath, new Point())).Messages[0].Payload).PointCount);
        Assert.Single((await h2.CallAsync(ScriptedRouteGuide.DuplexPath, new RouteNote())).Messages);
        Assert.Equal("Method is unimplemented.", (await h2.CallAsync("/routeguide.RouteGuide/Nothing", new Point())).GrpcMessage);
    }

    [Fact]
    public async Task A_method_that_only_hides_the_generated_one_is_not_called()
    {
        await using var host = await GrpcHost.StartAsync(services => services.AddGrpc(), app => app.MapGrpcService<Hiding>());
        await using var h2 = await host.ConnectAsync();
        var call = await h2.CallAsync(ScriptedRouteGuide.UnaryPath, new Point());
        Assert.Equal("overridden", Feature.Parser.ParseFrom(Assert.Single(call.Messages).Payload).Name);
    }

    [Fact]
    public async Task A_browsers_question_before_a_call_reaches_the_CORS_middleware()
    {
        await using var host = await GrpcHost.StartAsync(
            services =>
            {
                services.AddGrpc();
                services.AddCors(options => options.AddDefaultPolicy(policy => policy.AllowAnyOrigin().AllowAnyMethod().AllowAnyHeader()));
            },
            app =>
            {
                app.UseRouting();
                app.UseCors();
                app.MapGrpcService<Guarded>();
            });
        await using var h2 = await host.ConnectAsync();
        foreach (var path in new[] { ScriptedRouteGuide.UnaryPath, "/routeguide.RouteGuide/Nothing" })
        {
            var call = await h2.OpenAsync(
                [
                    (":method", "OPTIONS"), (":scheme", "http"), (":path", path), (":authority", "localhost"),
                    ("origin", "https://example.com"), ("access-control-request-method", "POST"),
                ],
                end: true);
            await call.Ended();
            Assert.Equal("204", call.HttpStatus);
            Assert.Equal("*", call.Header("access-control-allow-origin"));
        }
    }

    [Theory]
    [InlineData(ScriptedRouteGuide.UnaryPath, false, false, false)]
    [InlineData(ScriptedRouteGuide.ServerStreamingPath, false, true, false)]
    [InlineData(ScriptedRouteGuide.ClientStreamingPath, false, true, true)]
    [InlineData(ScriptedRouteGuide.DuplexPath, false, true, true)]
    [InlineData(ScriptedRouteGuide.DuplexPath, true, false, true)]
    public async Task A_stream_may_be_as_long_and_slow_as_it_likes_unless_its_endpoint_has_a_timeout(string path, bool hasTimeout, bool longCall, bool longRequest)
    {
        var limits = new Limits();
        await using var host = await GrpcHost.StartAsync(
            services =>
            {
                services.AddGrpc();
                services.AddSingleton(new ScriptedRouteGuide());
            },
            app =>
            {
                app.Use((http, next) =>
                {
                    http.Features.Set<IHttpRequestTimeoutFeature>(limits);
                    http.Features.Set<IHttpMinRequestBodyDataRateFeature>(limits);
                    http.Features.Set<IHttpMaxRequestBodySizeFeature>(limits);
                    return next(http);
                });
                var endpoints = app.MapGrpcService<ScriptedRouteGuide>();
                if (hasTimeout) endpoints.WithRequestTimeout(TimeSpan.FromHours(1));
            });
        await using var h2 = await host.ConnectAsync();
        Assert.Equal("0", (await h2.CallAsync(path, new Point())).GrpcStatus);
        Assert.Equal(longCall, limits.IsTimeoutDisabled);
        Assert.Equal(longRequest, limits.MinDataRate is null);
        Assert.Equal(longRequest, limits.MaxRequestBodySize is null);
    }

    private sealed class Limits : IHttpRequestTimeoutFeature, IHttpMinRequestBodyDataRateFeature, IHttpMaxRequestBodySizeFeature
    {
        public bool IsTimeoutDisabled { get; private set; }

        public CancellationToken RequestTimeoutToken => default;

        public MinDataRate? MinDataRate { get; set; } = new(1, TimeSpan.FromHours(1));

        public long? MaxRequestBodySize { get; set; } = 1_000_000;

        public bool IsReadOnly => false;

        public void DisableTimeout() => IsTimeoutDisabled = true;
    }

    [AttributeUsage(AttributeTargets.All, AllowMultiple = true)]
    private sealed class MarkAttribute(string where) : Attribute
    {
        public string Where { get; } = where;
    }

    [Mark("the type")]
    private sealed class Guarded : Routeguide.RouteGuide.RouteGuideBase
    {
        [Mark("the method")]
        [Authorize("nobody")]
        public override Task<Feature> GetFeature(Point request, ServerCallContext context) => Task.FromResult(new Feature());
    }

    private class Overriding : Routeguide.RouteGuide.RouteGuideBase
    {
        public override Task<Feature> GetFeature(Point request, ServerCallContext context) => Task.FromResult(new Feature { Name = "overridden" });
    }

    private sealed class Hiding : Overriding
    {
        private readonly string _name = "hiding";

        public new Task<Feature> GetFeature(Point request, ServerCallContext context) => Task.FromResult(new Feature { Name = _name });
    }

    private sealed class Answers403 : IAuthorizationMiddlewareResultHandler
    {
        public Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
        {
            if (authorizeResult.Succeeded) return next(context);
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return Task.CompletedTask;
        }
    }
}
