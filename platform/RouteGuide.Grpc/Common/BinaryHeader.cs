using System.Buffers;

namespace Grpc.Internal;

/// <summary>
/// Values of <c>-bin</c> headers (gRPC over HTTP/2, "Custom-Metadata"): standard base64. We send padding and accept values
/// with and without. Several values may be joined with commas; <see cref="Split"/> takes them apart before decoding.
/// </summary>
internal static class BinaryHeader
{
    public static bool IsBinary(string name) => name.EndsWith(GrpcHeaders.BinarySuffix, StringComparison.OrdinalIgnoreCase);

    public static string Encode(ReadOnlySpan<byte> value) => Convert.ToBase64String(value);

    /// <summary>The ranges of the single values in a header value: <c>foreach (var part in Split(value)) Decode(value[part])</c>.</summary>
    public static MemoryExtensions.SpanSplitEnumerator<char> Split(ReadOnlySpan<char> value) => value.Split(',');

    /// <summary>Decodes one value, ignoring the white space around it.</summary>
    /// <exception cref="FormatException">It is not base64.</exception>
    public static byte[] Decode(ReadOnlySpan<char> value)
    {
        const int Quantum = 4;
        value = value.Trim(" \t");
        if (value.IsEmpty) return [];

        var missing = (Quantum - value.Length % Quantum) % Quantum;
        if (missing == Quantum - 1) throw NotBase64(value);

        char[]? rented = null;
        try
        {
            if (missing > 0)
            {
                rented = ArrayPool<char>.Shared.Rent(value.Length + missing);
                value.CopyTo(rented);
                rented.AsSpan(value.Length, missing).Fill('=');
                value = rented.AsSpan(0, value.Length + missing);
            }

            var padding = value.EndsWith("==") ? 2 : value[^1] == '=' ? 1 : 0;
            var decoded = new byte[value.Length / Quantum * 3 - padding];
            // A length that differs means characters that the converter skips, white space: not base64 here.
            if (!Convert.TryFromBase64Chars(value, decoded, out var written) || written != decoded.Length) throw NotBase64(value);
            return decoded;
        }
        finally
        {
            if (rented is not null) ArrayPool<char>.Shared.Return(rented);
        }
    }

    private static FormatException NotBase64(ReadOnlySpan<char> value)
    {
        const int Shown = 40;
        var start = value.Length > Shown ? string.Concat(value[..Shown], "…") : value.ToString();
        return new FormatException($"A binary header value is not base64: '{start}' ({value.Length} characters).");
    }
}
