using System.Buffers.Text;
using System.Globalization;
using System.Text;
using RouteGuide.Http2;
using RouteGuide.Http2.Hpack;

namespace RouteGuide.Balancer.Proxy;

/// <summary>The gRPC status codes that the balancer itself may answer with.</summary>
internal enum GrpcStatus
{
    Cancelled = 1,
    Unknown = 2,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    Unauthenticated = 16,
}

/// <summary>What a proxy has to know of gRPC over HTTP/2.</summary>
internal static class GrpcProtocol
{

    /// <summary>Whether a message is of gRPC by its content type: <c>application/grpc</c>, also with <c>+proto</c> and the like; not <c>application/grpc-web</c>.</summary>
    public static bool IsGrpc(HeaderList headers)
    {
        var index = headers.IndexOf(KnownHeader.ContentType);
        return index >= 0 && IsGrpc(headers.Value(index));
    }

    public static bool IsGrpc(ReadOnlySpan<byte> contentType)
    {
        var expected = "application/grpc"u8;
        return contentType.Length >= expected.Length && Ascii.EqualsIgnoreCase(contentType[..expected.Length], expected)
            && (contentType.Length == expected.Length || contentType[expected.Length] is (byte)'+' or (byte)';' or (byte)' ');
    }

    /// <summary>The status that a client makes of an HTTP/2 error code ("Errors" in gRPC over HTTP/2); codes that the table leaves out are UNKNOWN.</summary>
    public static GrpcStatus StatusOf(Http2ErrorCode code) => code switch
    {
        Http2ErrorCode.StreamClosed or Http2ErrorCode.Http11Required => GrpcStatus.Unknown,
        Http2ErrorCode.RefusedStream => GrpcStatus.Unavailable,
        Http2ErrorCode.Cancel => GrpcStatus.Cancelled,
        Http2ErrorCode.EnhanceYourCalm => GrpcStatus.ResourceExhausted,
        Http2ErrorCode.InadequateSecurity => GrpcStatus.PermissionDenied,
        <= Http2ErrorCode.Http11Required => GrpcStatus.Internal,
        _ => GrpcStatus.Unknown,
    };

    /// <summary>A status as a number from 0 to 16; -1 if it is none of those, or not written as they are.</summary>
    public static int CodeOf(ReadOnlySpan<byte> status) =>
        Utf8Parser.TryParse(status, out int code, out var used) && used == status.Length && code is >= 0 and <= 16 && (status.Length == 1 || code > 9) ? code : -1;

    /// <summary>A status as text; the usual ones without making a string.</summary>
    /// <param name="status">As it came.</param>
    /// <param name="code">The same as a number, or -1.</param>
    public static string TextOf(ReadOnlySpan<byte> status, int code) => code >= 0 ? StatusTexts[code] : Encoding.Latin1.GetString(status);

    /// <summary>What a client makes of a response: its status, or one made of the HTTP code where it has none (grpc's http-grpc-status-mapping).</summary>
    /// <param name="httpStatus">The HTTP code.</param>
    /// <param name="code">The status as a number, -1 if there was none.</param>
    public static int CodeOf(int httpStatus, int code) => code >= 0 ? code : (int)(httpStatus switch
    {
        400 => GrpcStatus.Internal,
        401 => GrpcStatus.Unauthenticated,
        403 => GrpcStatus.PermissionDenied,
        404 => GrpcStatus.Unimplemented,
        429 or 502 or 503 or 504 => GrpcStatus.Unavailable,
        _ => GrpcStatus.Unknown,
    });

    public static string TextOf(GrpcStatus status) => StatusTexts[(int)status];

    private static readonly string[] StatusTexts = [.. Enumerable.Range(0, 17).Select(i => i.ToString(CultureInfo.InvariantCulture))];

    /// <summary>Percent-encodes a <c>grpc-message</c>: UTF-8, of which 0x20 to 0x7E without '%' stand for themselves.</summary>
    public static string EncodeMessage(string message)
    {
        var encoded = new StringBuilder(message.Length);
        foreach (var b in Encoding.UTF8.GetBytes(message))
        {
            if (b is >= 0x20 and <= 0x7E and not (byte)'%') encoded.Append((char)b);
            else encoded.Append('%').Append(b.ToString("X2", CultureInfo.InvariantCulture));
        }

        return encoded.ToString();
    }

    /// <summary>Reads a <c>grpc-timeout</c>: 1 to 8 digits and a unit. False when it is malformed; then the target is left to say so.</summary>
    public static bool TryParseTimeout(ReadOnlySpan<byte> text, out TimeSpan timeout)
    {
        timeout = default;
        if (text.Length is < 2 or > 9 || text[0] is < (byte)'0' or > (byte)'9' || !Utf8Parser.TryParse(text[..^1], out ulong value, out var used) || used != text.Length - 1) return false;

        double? ticks = (char)text[^1] switch
        {
            'H' => TimeSpan.TicksPerHour,
            'M' => TimeSpan.TicksPerMinute,
            'S' => TimeSpan.TicksPerSecond,
            'm' => TimeSpan.TicksPerMillisecond,
            'u' => TimeSpan.TicksPerMicrosecond,
            'n' => 0.01,
            _ => null,
        };
        if (ticks is not { } unit) return false;
        timeout = TimeSpan.FromTicks((long)(value * unit));
        return true;
    }

    /// <summary>Writes what is left of a deadline for a further attempt. Never more than is left, never less than one microsecond.</summary>
    public static string FormatTimeout(TimeSpan left)
    {
        var microseconds = Math.Max(1, left.Ticks / TimeSpan.TicksPerMicrosecond);
        return microseconds < 100_000_000 ? $"{microseconds}u"
            : microseconds / 1_000 < 100_000_000 ? $"{microseconds / 1_000}m"
            : $"{Math.Min(microseconds / 1_000_000, 99_999_999)}S";
    }
}
