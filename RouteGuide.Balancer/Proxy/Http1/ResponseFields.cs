using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http.Features;

namespace RouteGuide.Balancer.Proxy.Http1;

/// <summary>The header fields of a target's response, as they go on to the client.</summary>
internal static class ResponseFields
{
    /// <summary>Copies status and fields; says what is wrong where they cannot be passed on, ready to follow the target's name.</summary>
    public static string? TryCopy(HttpResponseMessage from, HttpResponse to, bool isUpgrade = false)
    {
        var status = (int)from.StatusCode;
        if (isUpgrade ? status != StatusCodes.Status101SwitchingProtocols : status is < 200 or > 599) return $"answered with the status {status}, which is none that ends a request";
        to.StatusCode = status;
        try
        {
            Copy(from.Headers.NonValidated, from, to.Headers);
            Copy(from.Content.Headers.NonValidated, from, to.Headers);
        }
        catch (InvalidOperationException e)
        {
            // A control character in a value, or no token for a name.
            to.Clear();
            return $"answered with a header field that cannot be passed on: {e.Message}";
        }

        // RFC 9110 section 8.6
        if (status == StatusCodes.Status204NoContent) to.ContentLength = null;
        if (isUpgrade)
        {
            to.Headers.Connection = "Upgrade";
            to.Headers.Upgrade = "websocket";
        }

        return null;
    }

    /// <summary>Copies the trailers where the client's protocol has a place for them; Kestrel's HTTP/1.1 has none.</summary>
    public static void CopyTrailers(HttpResponseMessage from, HttpContext context)
    {
        if (context.Features.Get<IHttpResponseTrailersFeature>() is not { Trailers.IsReadOnly: false } feature) return;
        foreach (var (name, values) in from.TrailingHeaders.NonValidated)
        {
            string[] all = [.. values];
            if (!HopByHop.Contains(name, default) && !all.Any(HasControlCharacter)) feature.Trailers[name] = all;
        }
    }

    // Not every client treats them alike; a tab is white space to everybody.
    private static bool HasControlCharacter(string value) => value.AsSpan().ContainsAnyInRange('\0', '\u0008') || value.AsSpan().ContainsAnyInRange('\n', '\u001f') || value.Contains('\u007f');

    private static void Copy(HttpHeadersNonValidated fields, HttpResponseMessage message, IHeaderDictionary to)
    {
        var connection = message.Headers.NonValidated.TryGetValues("Connection", out var named) ? named.ToArray() : [];
        foreach (var (name, values) in fields)
        {
            if (HopByHop.Contains(name, connection)) continue;
            string[] all = [.. values];
            if (all.Any(HasControlCharacter)) throw new InvalidOperationException($"'{name}' holds a control character");
            to[name] = all;
        }
    }
}
