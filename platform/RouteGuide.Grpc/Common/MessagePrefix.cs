using System.Buffers;
using System.Buffers.Binary;

namespace Grpc.Internal;

/// <summary>The five bytes before each message: a compressed flag, then the payload's length, big-endian.</summary>
internal static class MessagePrefix
{
    /// <summary>In bytes.</summary>
    public const int Size = 5;

    /// <summary>Bytes of a received message that are accepted unless configured otherwise.</summary>
    public const int DefaultMaxReceiveSize = 4 * 1024 * 1024;

    public static void Write(Span<byte> prefix, bool compressed, int length)
    {
        prefix[0] = compressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt32BigEndian(prefix[1..], (uint)length);
    }

    /// <summary>Reads the prefix at the start of <paramref name="data"/>; false if it is not there completely yet.</summary>
    public static bool TryRead(in ReadOnlySequence<byte> data, out byte flag, out uint length)
    {
        if (data.Length < Size)
        {
            flag = 0;
            length = 0;
            return false;
        }

        var first = data.FirstSpan;
        if (first.Length >= Size)
        {
            Read(first, out flag, out length);
        }
        else
        {
            Span<byte> copy = stackalloc byte[Size];
            data.Slice(0, Size).CopyTo(copy);
            Read(copy, out flag, out length);
        }

        return true;
    }

    private static void Read(ReadOnlySpan<byte> prefix, out byte flag, out uint length)
    {
        flag = prefix[0];
        length = BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]);
    }
}
