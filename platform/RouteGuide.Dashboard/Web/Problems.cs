using System.Text.Json;
using Microsoft.AspNetCore.Mvc;

namespace RouteGuide.Dashboard.Web;

/// <summary>A request that cannot be answered, and what it is told.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="title">What kind of error it is.</param>
/// <param name="detail">What was wrong, with its name and value.</param>
internal sealed class ProblemException(int status, string title, string detail) : Exception(detail)
{
    public int Status => status;

    public string Title => title;

    public static ProblemException Bad(string detail) => new(StatusCodes.Status400BadRequest, "Bad request", detail);

    public static ProblemException Missing(string detail) => new(StatusCodes.Status404NotFound, "Not found", detail);

    public static ProblemException Away(string detail) => new(StatusCodes.Status503ServiceUnavailable, "Not connected", detail);

    public static ProblemException Upstream(string detail) => new(StatusCodes.Status502BadGateway, "Answered with an error", detail);
}

/// <summary>Answers with <c>application/problem+json</c> (RFC 9457).</summary>
internal static class Problems
{
    public static Task Write(HttpContext context, int status, string title, string detail)
    {
        context.Response.StatusCode = status;
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsJsonAsync(new ProblemDetails { Status = status, Title = title, Detail = detail }, Json.Options, "application/problem+json");
    }

    /// <summary>Turns what endpoints throw into answers.</summary>
    public static async Task Catch(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (ProblemException problem) when (!context.Response.HasStarted)
        {
            await Write(context, problem.Status, problem.Title, problem.Message);
        }
        catch (BadHttpRequestException bad) when (!context.Response.HasStarted)
        {
            // The message of the JSON below it says where the body went wrong.
            await Write(context, bad.StatusCode, "Bad request", bad.InnerException is JsonException json ? $"The body is not what is expected: {json.Message}" : bad.Message);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody waits for the answer.
        }
        catch (Exception fault) when (!context.Response.HasStarted)
        {
            context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(Problems)).LogError(fault, "{Method} {Path} could not be answered.", context.Request.Method, context.Request.Path);
            await Write(context, StatusCodes.Status500InternalServerError, "Fault of the dashboard", "What went wrong is in its log.");
        }
    }
}
