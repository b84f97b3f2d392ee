using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;
using RouteGuide.Dashboard.Security;
using RouteGuide.Dashboard.Settings;

namespace RouteGuide.Dashboard.Otlp;

/// <summary>Lets in who knows a key, before a byte of what he sends is looked at.</summary>
/// <param name="options">The keys.</param>
internal sealed class OtlpGate(DashboardOptions options)
{
    public const string KeyHeader = "x-otlp-api-key";
    private const string Refusal = "The header x-otlp-api-key does not hold a key of this dashboard.";

    public Task Pass(HttpContext context, RequestDelegate next)
    {
        var isHttp = Ports.KindOf(context) == PortKind.OtlpHttp;
        if (IsKnown(context.Request.Headers[KeyHeader].ToString()))
        {
            // gRPC measures each message before it reads it, and says by its own status what is too long; the server would break off the call.
            if (!isHttp && context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;
            return next(context);
        }

        if (isHttp) return OtlpHttp.Refuse(context, StatusCodes.Status401Unauthorized, StatusCode.Unauthenticated, Refusal);

        // A response without a message (gRPC over HTTP/2, "Trailers-Only").
        context.Response.ContentType = "application/grpc";
        context.Response.Headers["grpc-status"] = ((int)StatusCode.Unauthenticated).ToString();
        context.Response.Headers["grpc-message"] = Refusal;
        return Task.CompletedTask;
    }

    // All are compared, so that the time does not tell which one was nearer.
    private bool IsKnown(string key)
    {
        if (options.OtlpAuth == OtlpAuthMode.Unsecured) return true;
        var known = false;
        foreach (var expected in options.OtlpKeys) known |= FixedTime.Equal(key, expected);
        return known;
    }
}
