using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text;

namespace RouteGuide.Balancer.Transport.Naming;

/// <summary>Questions and answers as octets (RFC 1035 section 4). What comes may be hostile: nothing is read beyond its end, nor followed for ever.</summary>
internal static class DnsMessage
{
    /// <summary>Characters of a name.</summary>
    public const int MaxName = 253;

    /// <summary>Records of a message that are looked at.</summary>
    public const int MaxRecords = 4096;

    private const int HeaderSize = 12;
    private const int MaxLabel = 63;
    private const ushort Internet = 1;

    /// <summary>Whether a text can be asked for: labels of 1 to 63 characters, letters, digits, hyphens and underscores.</summary>
    public static bool IsName(string name)
    {
        var bare = name.EndsWith('.') ? name[..^1] : name;
        return bare.Length is > 0 and <= MaxName && Array.TrueForAll(bare.Split('.'), l => l.Length is > 0 and <= MaxLabel && l.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'));
    }

    /// <summary>A question for the records of a name.</summary>
    public static byte[] Question(ushort id, string name, DnsType type)
    {
        var bare = name.TrimEnd('.');
        var message = new byte[HeaderSize + bare.Length + 2 + 4];
        BinaryPrimitives.WriteUInt16BigEndian(message, id);
        message[2] = 1; // recursion desired
        message[5] = 1; // one question
        var at = HeaderSize;
        foreach (var label in bare.Split('.'))
        {
            message[at++] = (byte)label.Length;
            at += Encoding.ASCII.GetBytes(label, message.AsSpan(at));
        }

        at++; // the root
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(at), (ushort)type);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(at + 2), Internet);
        return message;
    }

    /// <summary>Reads the answer to a question; false if it is none, or not to this one.</summary>
    public static bool TryReadAnswer(ReadOnlySpan<byte> message, ReadOnlySpan<byte> question, [NotNullWhen(true)] out DnsResponse? response)
    {
        response = null;
        if (message.Length < HeaderSize || !message[..2].SequenceEqual(question[..2]) || (message[2] & 0x80) == 0) return false;
        // Who guesses the id still has to know what was asked. Servers may leave the question out of an error alone.
        var (isTruncated, code) = ((message[2] & 0x02) != 0, message[3] & 0x0f);
        var questions = Number(message, 4);
        if (questions > 1 || (questions == 0 && code == 0)) return false;
        var at = HeaderSize;
        if (questions == 1)
        {
            var asked = HeaderSize;
            if (!TryReadName(message, ref at, out var name) || !TryReadName(question, ref asked, out var own) || name != own) return false;
            if (message.Length < at + 4 || !message.Slice(at, 4).SequenceEqual(question.Slice(asked, 4))) return false;
            at += 4;
        }

        var records = new List<DnsRecord>();
        var count = Number(message, 6) + Number(message, 8) + Number(message, 10);
        // What a truncated answer has is asked for again whole.
        for (var i = 0; i < count && i < MaxRecords && !isTruncated; i++)
        {
            if (!TryReadRecord(message, ref at, out var record)) return false;
            if (record is not null) records.Add(record);
        }

        response = new DnsResponse(isTruncated, code, records);
        return true;
    }

    // Null for types that nobody asked for.
    private static bool TryReadRecord(ReadOnlySpan<byte> message, ref int at, out DnsRecord? record)
    {
        const int Fixed = 10; // type, class, time to live, length
        record = null;
        if (!TryReadName(message, ref at, out var owner) || message.Length < at + Fixed) return false;
        var (type, kind, length) = ((DnsType)Number(message, at), Number(message, at + 2), Number(message, at + 8));
        var from = at + Fixed;
        if (message.Length < from + length) return false;
        at = from + length;
        var data = message.Slice(from, length);
        if (kind != Internet) return true;
        var name = "";
        switch (type)
        {
            case DnsType.A when length == 4:
            case DnsType.Aaaa when length == 16:
                record = new DnsRecord(owner, type) { Address = new IPAddress(data) };
                return true;
            case DnsType.Cname:
                if (!TryReadName(message, ref from, out name)) return false;
                record = new DnsRecord(owner, type) { Name = name };
                return true;
            case DnsType.Srv when length > 6:
                from += 6;
                if (!TryReadName(message, ref from, out name)) return false;
                record = new DnsRecord(owner, type) { Priority = Number(data, 0), Weight = Number(data, 2), Port = Number(data, 4), Name = name };
                return true;
            default:
                return type is not (DnsType.A or DnsType.Aaaa or DnsType.Srv);
        }
    }

    /// <summary>A name, of which parts may stand earlier in the message (RFC 1035 section 4.1.4). Each pointer has to lead further back than the last, so there is no circle.</summary>
    private static bool TryReadName(ReadOnlySpan<byte> message, ref int at, out string name)
    {
        name = "";
        var text = new StringBuilder();
        var (position, earliest, end) = (at, at, -1);
        while (position < message.Length)
        {
            var length = message[position];
            if (length == 0)
            {
                at = end < 0 ? position + 1 : end;
                name = text.ToString();
                return true;
            }

            if ((length & 0xc0) == 0xc0)
            {
                if (position + 1 >= message.Length) return false;
                var to = ((length & 0x3f) << 8) | message[position + 1];
                if (to >= earliest) return false;
                if (end < 0) end = position + 2;
                position = earliest = to;
                continue;
            }

            if (length > MaxLabel || position + 1 + length > message.Length || text.Length + 1 + length > MaxName) return false;
            if (text.Length > 0) text.Append('.');
            foreach (var octet in message.Slice(position + 1, length))
            {
                // Names end up in logs and addresses; there is no use for any other octet.
                if (octet is <= (byte)' ' or >= 0x7f or (byte)'.') return false;
                text.Append(char.ToLowerInvariant((char)octet));
            }

            position += 1 + length;
        }

        return false;
    }

    private static int Number(ReadOnlySpan<byte> message, int at) => BinaryPrimitives.ReadUInt16BigEndian(message[at..]);
}
