using System.Globalization;
using System.Net;
using System.Text;
using RouteGuide.Balancer.Telemetry.Metrics;

namespace RouteGuide.Balancer.Telemetry.Admin;

/// <summary>Marks the connections of the admin listener.</summary>
internal sealed class AdminConnection;

/// <summary>
/// What the admin port serves: the status as a page and as JSON, the metrics, and whether the balancer lives. It can be read and not
/// written. A browser must not be tricked into reading it for a web site whose name was made to lead here (DNS rebinding), so the host that
/// is asked for has to be this one.
/// </summary>
/// <param name="status">The state.</param>
/// <param name="metrics">The metrics.</param>
internal sealed class AdminPages(StatusJson status, MetricCatalog metrics)
{
    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private readonly byte[] _page = Resource("status.html");
    private readonly byte[] _script = Resource("status.js");
    private readonly byte[] _style = Resource("status.css");

    public Task Handle(HttpContext context)
    {
        if (!IsThisHost(context.Request.Host.Host)) return Refuse(context, StatusCodes.Status421MisdirectedRequest, "this is served for localhost, 127.0.0.1 and [::1] alone");
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.Headers.Allow = "GET, HEAD";
            return Refuse(context, StatusCodes.Status405MethodNotAllowed, "this can only be read");
        }

        return context.Request.Path.Value switch
        {
            "/" => Write(context, "text/html; charset=utf-8", _page),
            "/status.js" => Write(context, "text/javascript; charset=utf-8", _script),
            "/status.css" => Write(context, "text/css; charset=utf-8", _style),
            "/status.json" => Status(context),
            "/metrics" => Write(context, PrometheusPage.ContentType, Encoding.UTF8.GetBytes(PrometheusPage.Write(metrics.Families))),
            "/health" => Write(context, "text/plain; charset=utf-8", "Healthy\n"u8.ToArray()),
            _ => Refuse(context, StatusCodes.Status404NotFound, "there are /, /status.json, /metrics and /health"),
        };
    }

    private Task Status(HttpContext context)
    {
        var asked = context.Request.Query["after"];
        if (asked.Count == 0) return Write(context, "application/json", status.Write());
        return long.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out var after)
            ? Write(context, "application/json", status.Write(after))
            : Refuse(context, StatusCodes.Status400BadRequest, "after is the id of an event: a whole number from 0");
    }

    /// <summary>Whether a host that is asked for is this machine alone.</summary>
    public static bool IsThisHost(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private static Task Refuse(HttpContext context, int code, string why)
    {
        context.Response.StatusCode = code;
        return Write(context, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(why + "\n"));
    }

    private static Task Write(HttpContext context, string type, ReadOnlyMemory<byte> body)
    {
        var headers = context.Response.Headers;
        headers.ContentType = type;
        headers.ContentLength = body.Length;
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = Policy;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.Body.WriteAsync(body).AsTask();
    }

    private static byte[] Resource(string name)
    {
        using var stream = typeof(AdminPages).Assembly.GetManifestResourceStream($"{typeof(AdminPages).Namespace}.{name}") ?? throw new InvalidOperationException($"{name} is not part of the program.");
        var octets = new byte[stream.Length];
        stream.ReadExactly(octets);
        return octets;
    }
}
