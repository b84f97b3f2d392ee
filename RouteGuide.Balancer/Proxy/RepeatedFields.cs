using System.Buffers;
using System.Buffers.Text;

namespace RouteGuide.Balancer.Proxy;

/// <summary>
/// SocketsHttpHandler joins the values of a repeated field into one, which gRPC metadata does not survive. The forwarder joins them
/// by a character that no field value may hold (RFC 9110 section 5.5), and here, on the bytes for the target, one field with that
/// character becomes several again. Interim, with the handler that makes it necessary.
/// </summary>
internal static class RepeatedFields
{
    /// <summary>US, unit separator: stands between the values of a repeated field.</summary>
    public const char Separator = '\x1f';

    private static ReadOnlySpan<byte> NumberField => "x-routeguide-attempt"u8;

    /// <summary>Writes a header block (RFC 7541 section 6) with each joined field taken apart.</summary>
    /// <returns>The value of <see cref="AttemptMessage.NumberField"/>, which is left out; 0 when there is none.</returns>
    public static long Split(ReadOnlySpan<byte> block, ArrayBufferWriter<byte> output)
    {
        var number = 0L;
        while (!block.IsEmpty)
        {
            var first = block[0];
            int end;
            if ((first & 0x80) != 0)
            {
                end = IntegerEnd(block, 7, out _);
            }
            else if ((first & 0xE0) == 0x20)
            {
                end = IntegerEnd(block, 5, out _);
            }
            else
            {
                var nameEnd = IntegerEnd(block, (first & 0x40) != 0 ? 6 : 4, out var index);
                if (index == 0) nameEnd += StringEnd(block[nameEnd..], out _);
                end = nameEnd + StringEnd(block[nameEnd..], out var length);
                var value = block[(end - length)..end];
                if (index == 0 && block[..nameEnd].EndsWith(NumberField) && Utf8Parser.TryParse(value, out number, out _))
                {
                    block = block[end..];
                    continue;
                }

                if (value.Contains((byte)Separator))
                {
                    foreach (var part in value.Split((byte)Separator)) WriteField(output, block[..nameEnd], value[part]);
                    block = block[end..];
                    continue;
                }
            }

            output.Write(block[..end]);
            block = block[end..];
        }

        return number;
    }

    private static void WriteField(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        output.Write(name);
        // RFC 7541 section 5.1, prefix of 7 bits; the H bit stays 0.
        var span = output.GetSpan(6);
        var at = 0;
        if (value.Length < 127)
        {
            span[at++] = (byte)value.Length;
        }
        else
        {
            span[at++] = 127;
            var rest = value.Length - 127;
            for (; rest >= 128; rest >>= 7) span[at++] = (byte)(rest | 128);
            span[at++] = (byte)rest;
        }

        output.Advance(at);
        output.Write(value);
    }

    private static int IntegerEnd(ReadOnlySpan<byte> block, int prefixBits, out int value)
    {
        var mask = (1 << prefixBits) - 1;
        value = block[0] & mask;
        if (value < mask) return 1;

        var at = 1;
        var shift = 0;
        do
        {
            value += (block[at] & 127) << shift;
            shift += 7;
        }
        while ((block[at++] & 128) != 0);

        return at;
    }

    private static int StringEnd(ReadOnlySpan<byte> block, out int length) => IntegerEnd(block, 7, out length) + length;
}
