using Microsoft.Extensions.Primitives;

namespace RouteGuide.Balancer.Telemetry.AccessLogs;

/// <summary>How long heads are that are kept as text: as they stand in HTTP/1, or in HTTP/2 their names and values.</summary>
internal static class HeadSize
{
    private const int ProtocolName = 8; // HTTP/1.1
    private const int LineEnd = 2;

    /// <summary>Octets of a request's head.</summary>
    public static long OfRequest(IHeaderDictionary fields, string method, string path, bool isHttp2) =>
        Fields(fields, isHttp2) + method.Length + path.Length + (isHttp2 ? 0 : 2 + ProtocolName + (2 * LineEnd));

    /// <summary>Octets of a response's head.</summary>
    public static long OfResponse(IHeaderDictionary fields, bool isHttp2)
    {
        const int StatusLine = ProtocolName + 5; // with its code, without its reason
        return Fields(fields, isHttp2) + (isHttp2 ? 3 : StatusLine + (2 * LineEnd));
    }

    private static long Fields(IHeaderDictionary fields, bool isHttp2)
    {
        var sum = 0L;
        foreach (KeyValuePair<string, StringValues> field in fields)
        {
            // A colon, a space and the end of the line.
            foreach (var value in field.Value) sum += field.Key.Length + (value?.Length ?? 0) + (isHttp2 ? 0 : 2 + LineEnd);
        }

        return sum;
    }
}
