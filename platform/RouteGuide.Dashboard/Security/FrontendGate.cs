using System.Net;
using RouteGuide.Dashboard.Settings;
using RouteGuide.Dashboard.Web;

namespace RouteGuide.Dashboard.Security;

/// <summary>
/// Stands before all that the frontend's port serves: the host that is asked for (a name that was made to lead here must not read
/// anything), headers for browsers, logins, and the proof that a change was asked for by one of our pages.
/// </summary>
/// <param name="options">Which hosts are meant.</param>
/// <param name="sessions">Who is logged in.</param>
internal sealed class FrontendGate(DashboardOptions options, Sessions sessions)
{
    public const string Policy = "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; connect-src 'self'; font-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    private readonly string[] _hosts =
    [
        .. options.AllowedHosts,
        .. options.Frontend.Select(address => address.Host).Where(host => host is not ("*" or "+" or "0.0.0.0" or "[::]")),
    ];

    public Task Pass(HttpContext context, RequestDelegate next)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";

        var request = context.Request;
        if (!IsOurs(request.Host.Host))
            return Problems.Write(context, StatusCodes.Status421MisdirectedRequest, "Unknown host", $"The host '{request.Host.Host}' is not served here; name it in Dashboard:Frontend:AllowedHosts if it should be.");

        var isApi = request.Path.StartsWithSegments("/api");
        if (isApi) headers.CacheControl = "no-store";
        if (!isApi || IsOpen(request)) return next(context);

        if (sessions.Of(context) is not { } session) return Problems.Write(context, StatusCodes.Status401Unauthorized, "Not logged in", "Log in with the token that the console shows at the start.");
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method) && !FixedTime.Equal(request.Headers[Sessions.CsrfHeader], sessions.CsrfToken(session)))
            return Problems.Write(context, StatusCodes.Status403Forbidden, "Not proven", $"The header {Sessions.CsrfHeader} must hold the csrfToken of /api/session.");
        return next(context);
    }

    private static bool IsOpen(HttpRequest request) =>
        (HttpMethods.IsGet(request.Method) && request.Path == "/api/session") || (HttpMethods.IsPost(request.Method) && request.Path == "/api/login");

    private bool IsOurs(string host) =>
        Ports.IsLocalhost(host)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address))
        || _hosts.Any(allowed => allowed == "*" || allowed.Equals(host, StringComparison.OrdinalIgnoreCase));
}
