using Grpc.Core;
using Grpc.Internal;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>Makes endpoints of bound methods, and those that answer for methods and services that are not there.</summary>
internal static class MethodEndpoints
{
    private const string MissingMethod = "unimplementedMethod";

    public static GrpcServiceEndpointConventionBuilder Map(IEndpointRouteBuilder routes, GrpcServer server, ServiceBinder service)
    {
        List<IEndpointConventionBuilder> endpoints = [];
        foreach (var method in service.Methods)
        {
            var pattern = RoutePatternFactory.Parse($"/{method.Method.ServiceName}/{method.Method.Name}");
            var endpoint = routes.Map(pattern, method.Handle);
            endpoint.Add(e =>
            {
                e.DisplayName = $"gRPC - {pattern.RawText}";
                e.Metadata.Add(new GrpcMethodMetadata(service.ServiceType, method.Method));
                foreach (var attribute in method.Attributes) e.Metadata.Add(attribute);
                e.Metadata.Add(new HttpMethodMetadata(["POST"], acceptCorsPreflight: true));
            });
            endpoints.Add(endpoint);
        }

        foreach (var name in service.Methods.Select(m => m.Method.ServiceName).Distinct())
        {
            if (service.IgnoresUnknownMethods) break;

            // What guards the service guards the question which methods it has.
            endpoints.Add(MapMissing(routes, server, $"{name}/{{{MissingMethod}}}", $"gRPC - Unimplemented method for {name}", "Method is unimplemented."));
        }

        if (server.ClaimUnknownServices())
            MapMissing(routes, server, $"{{unimplementedService}}/{{{MissingMethod}}}", "gRPC - Unimplemented service", "Service is unimplemented.");

        return new GrpcServiceEndpointConventionBuilder(endpoints);
    }

    private static IEndpointConventionBuilder MapMissing(IEndpointRouteBuilder routes, GrpcServer server, string pattern, string displayName, string answer)
    {
        var handler = new MissingMethodHandler(server, new Status(StatusCode.Unimplemented, answer));
        var parsed = RoutePatternFactory.Parse(pattern, null, new RouteValueDictionary { [MissingMethod] = new OnlyGrpc() });
        var endpoint = routes.Map(parsed, handler.HandleAsync);
        endpoint.Add(e =>
        {
            e.DisplayName = displayName;
            e.Metadata.Add(MissingMethodMetadata.Instance);
        });
        return endpoint;
    }

    /// <summary>Leaves to the rest of the application what is not a gRPC call.</summary>
    private sealed class OnlyGrpc : IRouteConstraint
    {
        public bool Match(HttpContext? httpContext, IRouter? route, string routeKey, RouteValueDictionary values, RouteDirection routeDirection)
        {
            if (httpContext is null || !MissingMethodPolicy.IsForMethods(httpContext.Request)) return false;
            // The question of a browser before a call has no content type; the CORS middleware answers it.
            return HttpMethods.IsOptions(httpContext.Request.Method) || GrpcContentType.IsGrpc(httpContext.Request.ContentType);
        }
    }

    private sealed class MissingMethodHandler(GrpcServer server, Status answer)
    {
        private readonly MethodOptions _options = server.GlobalOptions();

        public Task HandleAsync(HttpContext http)
        {
            if (!RequestValidation.Accept(http)) return Task.CompletedTask;
            http.Response.Headers.ContentType = GrpcContentType.Value;
            return new ServerCall(http, _options, server).EndAsync(new RpcException(answer)).AsTask();
        }
    }
}
