using System.Buffers.Binary;
using System.Globalization;
using Google.Protobuf;

namespace RouteGuide.Dashboard.Telemetry;

/// <summary>Ids of traces and spans as numbers; 0 is none.</summary>
internal static class Ids
{
    public static UInt128 Trace(ByteString bytes) => bytes.Length == 16 ? BinaryPrimitives.ReadUInt128BigEndian(bytes.Span) : 0;

    public static ulong Span(ByteString bytes) => bytes.Length == 8 ? BinaryPrimitives.ReadUInt64BigEndian(bytes.Span) : 0;

    public static ByteString Bytes(UInt128 trace)
    {
        if (trace == 0) return ByteString.Empty;
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, trace);
        return ByteString.CopyFrom(bytes);
    }

    public static ByteString Bytes(ulong span)
    {
        if (span == 0) return ByteString.Empty;
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, span);
        return ByteString.CopyFrom(bytes);
    }

    public static string Text(UInt128 trace) => trace.ToString("x32", CultureInfo.InvariantCulture);

    public static string Text(ulong span) => span.ToString("x16", CultureInfo.InvariantCulture);

    public static string? TextOrNull(UInt128 trace) => trace == 0 ? null : Text(trace);

    public static string? TextOrNull(ulong span) => span == 0 ? null : Text(span);

    public static bool TryTrace(string? text, out UInt128 trace)
    {
        trace = 0;
        return text?.Length == 32 && UInt128.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out trace);
    }

    public static bool TrySpan(string? text, out ulong span)
    {
        span = 0;
        return text?.Length == 16 && ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out span);
    }
}
