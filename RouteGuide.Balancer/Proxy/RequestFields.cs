using System.Collections.Frozen;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace RouteGuide.Balancer.Proxy;

/// <summary>The header fields of a request, as they go on to a target.</summary>
internal static class RequestFields
{
    /// <summary>Fields that speak of one connection (RFC 9110 section 7.6.1), and those that the balancer writes itself.</summary>
    private static readonly FrozenSet<string> NotForwarded = FrozenSet.ToFrozenSet(
        [
            HeaderNames.Connection, HeaderNames.KeepAlive, HeaderNames.ProxyConnection, HeaderNames.TransferEncoding, HeaderNames.Upgrade, "http2-settings",
            // Answered here: the body is asked of the client when the target takes it.
            HeaderNames.Expect,
            HeaderNames.Host, HeaderNames.TE, XForwardedFor, AttemptMessage.Marker, AttemptMessage.NumberField, XForwardedPort, TraceContext.TraceParent,
        ],
        StringComparer.OrdinalIgnoreCase);

    private const string XForwardedFor = "x-forwarded-for";
    private const string XForwardedPort = "x-forwarded-port";

    /// <summary>The name of a field that cannot be passed on because its value holds a control character; null when there is none.</summary>
    public static string? FindUnsafe(IHeaderDictionary fields)
    {
        foreach (var (name, values) in fields)
        {
            foreach (var value in values)
            {
                if (value is not null && value.Contains(RepeatedFields.Separator)) return name;
            }
        }

        return null;
    }

    /// <summary>Copies the fields of a client's request to one for a target.</summary>
    /// <param name="context">The client's request.</param>
    /// <param name="message">The target's.</param>
    /// <param name="timeout">What is left of the deadline, when that is less than the client wrote; else null.</param>
    public static void Copy(HttpContext context, AttemptMessage message, string? timeout)
    {
        var fields = context.Request.Headers;
        foreach (var (name, values) in fields)
        {
            if (NotForwarded.Contains(name) || name.StartsWith(':')) continue;
            Add(message, name, timeout is not null && name.Equals(GrpcProtocol.Timeout, StringComparison.OrdinalIgnoreCase) ? timeout : Join(values));
        }

        if (!StringValues.IsNullOrEmpty(fields.Host)) Add(message, HeaderNames.Host, fields.Host.ToString());
        if (AsksForTrailers(fields.TE)) Add(message, HeaderNames.TE, "trailers");

        var connection = context.Connection;
        var client = Text(connection.RemoteIpAddress);
        Add(message, XForwardedFor, fields.TryGetValue(XForwardedFor, out var before) && !StringValues.IsNullOrEmpty(before) ? $"{before}, {client}" : client);
        Add(message, AttemptMessage.Marker, context.Request.Scheme);
        Add(message, XForwardedPort, connection.LocalPort.ToString(CultureInfo.InvariantCulture));
        Add(message, TraceContext.TraceParent, TraceContext.For(fields.TraceParent));
    }

    private static void Add(AttemptMessage message, string name, string value)
    {
        if (message.Headers.TryAddWithoutValidation(name, value)) return;

        // The fields that .NET counts to the content (content-type, expires, …), also where there is none.
        message.Content ??= new EmptyContent();
        message.Content.Headers.TryAddWithoutValidation(name, value);
    }

    private static string Join(StringValues values) => values.Count == 1 ? values[0] ?? "" : string.Join(RepeatedFields.Separator, values.ToArray());

    // RFC 9113 section 8.2.2: nothing else may stand in it.
    private static bool AsksForTrailers(StringValues te)
    {
        foreach (var value in te)
        {
            if (value is not null && value.Contains("trailers", StringComparison.OrdinalIgnoreCase)) return true;
        }

        return false;
    }

    private static string Text(IPAddress? address) => address switch
    {
        null => "unknown",
        { IsIPv4MappedToIPv6: true } => address.MapToIPv4().ToString(),
        _ => address.ToString(),
    };
}
