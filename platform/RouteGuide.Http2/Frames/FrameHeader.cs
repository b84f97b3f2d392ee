using System.Buffers.Binary;

namespace RouteGuide.Http2.Frames;

/// <summary>The nine octets before every payload (RFC 9113 section 4.1).</summary>
/// <param name="Length">Octets of payload, 0 to 2^24-1; the header itself not counted.</param>
/// <param name="Type">Possibly none of the known ones.</param>
/// <param name="Flags">Bits of <see cref="FrameFlags"/>.</param>
/// <param name="StreamId">31 bits; the reserved bit is dropped on reading and written as 0.</param>
internal readonly record struct FrameHeader(int Length, FrameType Type, byte Flags, int StreamId)
{
    /// <summary>Octets of a frame header.</summary>
    public const int Size = 9;

    public bool Has(byte flag) => (Flags & flag) != 0;

    /// <summary>Reads a header.</summary>
    /// <param name="source">At least <see cref="Size"/> octets.</param>
    public static FrameHeader Read(ReadOnlySpan<byte> source)
    {
        var head = BinaryPrimitives.ReadUInt32BigEndian(source);
        return new((int)(head >> 8), (FrameType)(byte)head, source[4], (int)(BinaryPrimitives.ReadUInt32BigEndian(source[5..]) & 0x7fff_ffff));
    }

    /// <summary>Writes a header.</summary>
    /// <param name="destination">At least <see cref="Size"/> octets.</param>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt32BigEndian(destination, ((uint)Length << 8) | (byte)Type);
        destination[4] = Flags;
        BinaryPrimitives.WriteUInt32BigEndian(destination[5..], (uint)StreamId);
    }
}
