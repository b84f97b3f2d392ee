using System.Reflection;
using RouteGuide.Dashboard.Settings;
using RouteGuide.Dashboard.Web;

namespace RouteGuide.Dashboard.Security;

/// <summary>What a page asks first.</summary>
internal sealed record SessionView(
    bool Authenticated, FrontendAuthMode AuthMode, string? CsrfToken, string ApplicationName, string Version, bool HasResourceService, OtlpUrls OtlpUrls, SessionLimits Limits);

internal sealed record OtlpUrls(string? Grpc, string? Http);

internal sealed record SessionLimits(int MaxLogs, int MaxTraces, int MaxMetricPoints, int MaxConsoleLines);

internal sealed record LoginRequest(string Token);

/// <summary>Logging in and out.</summary>
internal static class SessionEndpoints
{
    public const int MaxConsoleLines = 10_000;

    private static readonly string Version = typeof(SessionEndpoints).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

    public static void MapSession(this IEndpointRouteBuilder app)
    {
        app.MapGet("/api/session", (HttpContext context, Sessions sessions, DashboardOptions options, Ports ports) =>
        {
            var session = sessions.Of(context);
            var limits = options.Limits;
            return new SessionView(
                session is not null, options.FrontendAuth, session is null ? null : sessions.CsrfToken(session), options.ApplicationName, Version, options.ResourceService is not null,
                session is null ? new OtlpUrls(null, null) : new OtlpUrls(ports.OtlpGrpc, ports.OtlpHttp), new SessionLimits(limits.Logs, limits.Traces, limits.MetricPoints, MaxConsoleLines));
        });
        // A form of another site cannot send JSON, so nobody is logged in, or kept out, by a page that he looks at elsewhere.
        app.MapPost("/api/login", async (HttpContext context, LoginRequest login, Sessions sessions, LoginThrottle throttle, DashboardOptions options) =>
        {
            Check(context, login.Token, throttle, options);
            await sessions.LogIn(context);
            return Results.NoContent();
        });
        app.MapPost("/api/logout", async (HttpContext context, Sessions sessions) =>
        {
            await sessions.LogOut(context);
            return Results.NoContent();
        });
        // The address that the console shows. Without a token it is a page like the others.
        app.MapGet("/login", async (HttpContext context, string? t, string? returnUrl, Sessions sessions, LoginThrottle throttle, DashboardOptions options) =>
        {
            if (context.Request.Headers["Sec-Fetch-Mode"].ToString() is not ("" or "navigate")) throw new ProblemException(StatusCodes.Status403Forbidden, "Not a visit", "This address is for the address bar.");
            context.Response.Headers.CacheControl = "no-store";
            try
            {
                Check(context, t, throttle, options);
            }
            catch (ProblemException problem)
            {
                return Results.LocalRedirect($"/login?failed={problem.Status}{(IsLocal(returnUrl) ? $"&returnUrl={Uri.EscapeDataString(returnUrl!)}" : "")}");
            }

            await sessions.LogIn(context);
            return Results.LocalRedirect(IsLocal(returnUrl) ? returnUrl! : "/");
        }).AddRouteConstraintForToken();
    }

    private static void AddRouteConstraintForToken(this RouteHandlerBuilder builder) => builder.WithMetadata(new RequiresQuery("t"));

    private static void Check(HttpContext context, string? token, LoginThrottle throttle, DashboardOptions options)
    {
        if (options.FrontendAuth == FrontendAuthMode.Unsecured) return;
        if (throttle.Wait() is { } wait)
        {
            context.Response.Headers.RetryAfter = $"{Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds))}";
            throw new ProblemException(StatusCodes.Status429TooManyRequests, "Too many attempts", $"There were {LoginThrottle.MaxFailures} wrong tokens within {LoginThrottle.Window.TotalSeconds:0} s; wait a little.");
        }

        if (FixedTime.Equal(token, options.BrowserToken)) return;
        throttle.Failed();
        throw new ProblemException(StatusCodes.Status401Unauthorized, "Wrong token", "The token is not the one that the console shows at the start.");
    }

    private static bool IsLocal(string? url) => url is ['/', ..] && url is not ['/', '/' or '\\', ..] && !url.Any(char.IsControl);
}
