using Microsoft.Extensions.FileProviders;
using Microsoft.Net.Http.Headers;
using RouteGuide.Dashboard.Security;

namespace RouteGuide.Dashboard.Web;

/// <summary>The built front end: files, and the one page that stands for all paths that the front end knows itself.</summary>
internal static class Pages
{
    public static string Root { get; } = Path.Combine(AppContext.BaseDirectory, "wwwroot");

    public static void UseFrontendFiles(this IApplicationBuilder app)
    {
        if (!Directory.Exists(Root)) return;
        app.UseStaticFiles(new StaticFileOptions
        {
            FileProvider = new PhysicalFileProvider(Root),
            // The names under assets hold a hash of the content; nothing else may be kept without asking.
            OnPrepareResponse = file => file.Context.Response.Headers.CacheControl = file.Context.Request.Path.StartsWithSegments("/assets") ? "public, max-age=31536000, immutable" : "no-cache",
        });
    }

    public static void MapPages(this IEndpointRouteBuilder app)
    {
        app.MapMethods("{*path:nonfile}", [HttpMethods.Get, HttpMethods.Head], (HttpContext context, Sessions sessions) =>
        {
            if (context.Request.Path.StartsWithSegments("/api")) throw ProblemException.Missing($"There is nothing at {context.Request.Path}.");
            if (context.Request.Path != "/login" && sessions.Of(context) is null) return Results.LocalRedirect($"/login?returnUrl={Uri.EscapeDataString(context.Request.Path + context.Request.QueryString)}");

            var file = new FileInfo(Path.Combine(Root, "index.html"));
            if (!file.Exists) throw new ProblemException(StatusCodes.Status503ServiceUnavailable, "No pages", $"'{file.FullName}' is missing: build the front end.");
            context.Response.Headers.CacheControl = "no-cache";
            return Results.File(file.FullName, "text/html; charset=utf-8", lastModified: file.LastWriteTimeUtc, entityTag: new EntityTagHeaderValue($"\"{file.LastWriteTimeUtc.Ticks:x}-{file.Length:x}\""));
        }).WithOrder(int.MaxValue);
    }
}
