using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;

namespace RouteGuide.Balancer.Balancing.Orca;

/// <summary>
/// What <c>xds.data.orca.v3.OrcaLoadReport</c> says that a weight is made of. It is read by hand: it comes with every response, from a peer
/// that may send anything, and must cost neither an object nor trust.
/// </summary>
/// <param name="Rate">Calls a second (<c>rps_fractional</c>).</param>
/// <param name="ErrorRate">Failed ones a second (<c>eps</c>).</param>
/// <param name="Utilization">Of what the application counts, or else of the processor; 1 is full.</param>
internal readonly record struct OrcaReport(double Rate, double ErrorRate, double Utilization)
{
    /// <summary>Characters of a field that are looked at; a longer one is no report.</summary>
    public const int MaxLength = 2_048;

    private const int CpuField = 1;
    private const int RateField = 6;
    private const int ErrorField = 7;
    private const int ApplicationField = 9;

    /// <summary>Its weight (gRFC A58): calls a second for the part of its capacity that they take. 0 if it says too little.</summary>
    /// <param name="penalty">How much a share of failed calls counts as utilization; 0 for not at all.</param>
    public double Weight(double penalty)
    {
        if (Rate <= 0 || Utilization <= 0) return 0;
        var weight = Rate / (Utilization + ErrorRate / Rate * penalty);
        return double.IsNormal(weight) ? weight : 0;
    }

    /// <summary>Reads a field's value: base64, padded or not. False if it is no report, or says what cannot be.</summary>
    public static bool TryParseBase64(ReadOnlySpan<byte> value, out OrcaReport report)
    {
        report = default;
        if (value.IsEmpty || value.Length > MaxLength) return false;
        Span<byte> buffer = stackalloc byte[MaxLength + 4];
        value.CopyTo(buffer);
        var length = value.Length;
        while (length % 4 != 0) buffer[length++] = (byte)'=';
        return Base64.DecodeFromUtf8InPlace(buffer[..length], out var count) == OperationStatus.Done && TryParse(buffer[..count], out report);
    }

    /// <summary>Reads the message. Of fields that come twice the last one counts; unknown ones are skipped.</summary>
    public static bool TryParse(ReadOnlySpan<byte> message, out OrcaReport report)
    {
        var (cpu, application, rate, errors) = (0d, 0d, 0d, 0d);
        report = default;
        while (!message.IsEmpty)
        {
            if (!TryReadVarint(ref message, out var key)) return false;
            if ((key & 7) == 1 && message.Length >= 8)
            {
                var number = BinaryPrimitives.ReadDoubleLittleEndian(message);
                switch (key >> 3)
                {
                    case CpuField: cpu = number; break;
                    case ApplicationField: application = number; break;
                    case RateField: rate = number; break;
                    case ErrorField: errors = number; break;
                }
            }

            if (key >> 3 == 0 || !TrySkip(ref message, (int)(key & 7))) return false;
        }

        report = new OrcaReport(rate, errors, application > 0 ? application : cpu);
        return IsAmount(cpu) && IsAmount(application) && IsAmount(rate) && IsAmount(errors);
    }

    private static bool IsAmount(double number) => double.IsFinite(number) && number >= 0;

    // Groups have gone from the language long ago; whoever sends one sends something else.
    private static bool TrySkip(ref ReadOnlySpan<byte> message, int wireType)
    {
        ulong length = wireType switch { 1 => 8, 5 => 4, _ => 0 };
        if (wireType is 0 or 2)
        {
            if (!TryReadVarint(ref message, out length)) return false;
            if (wireType == 0) return true;
        }
        else if (length == 0)
        {
            return false;
        }

        if (length > (ulong)message.Length) return false;
        message = message[(int)length..];
        return true;
    }

    private static bool TryReadVarint(ref ReadOnlySpan<byte> message, out ulong value)
    {
        value = 0;
        for (var i = 0; i < Math.Min(message.Length, 10); i++)
        {
            value |= (ulong)(message[i] & 0x7f) << (7 * i);
            if (message[i] >= 0x80) continue;
            message = message[(i + 1)..];
            return true;
        }

        return false;
    }
}
