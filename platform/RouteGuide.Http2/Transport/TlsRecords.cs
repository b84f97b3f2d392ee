using System.Buffers.Binary;

namespace RouteGuide.Http2.Transport;

/// <summary>
/// Ciphertext from a peer, given out one whole record at a time (RFC 8446 section 5.1): whoever decrypts never holds a part of one, so
/// that between records there is no buffer and no read that waits, which is most of what ten thousand idle connections would cost.
/// </summary>
internal sealed class TlsRecords
{
    private const int HeaderSize = 5;

    private readonly ByteBuffer _left = new(); // the beginning of a record
    private ReadOnlyMemory<byte> _fresh; // what has just been received, while it is gone through
    private int _due; // octets of a record that has been given out in part

    /// <summary>Octets that were kept.</summary>
    public int Kept => _left.Length;

    /// <summary>A read would give something.</summary>
    public bool HasRecord => Available() > 0;

    /// <summary>No more will come.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>Puts in ciphertext.</summary>
    /// <param name="octets">Good until <see cref="Keep"/>.</param>
    public void Feed(ReadOnlyMemory<byte> octets)
    {
        // What is left of the last time is the beginning of a record, seldom there.
        if (_left.Length > 0) _left.Append(octets.Span);
        else _fresh = octets;
    }

    /// <summary>Copies what was not asked for, as the memory that was fed is used again.</summary>
    public void Keep()
    {
        if (_fresh.IsEmpty) return;
        _left.Append(_fresh.Span);
        _fresh = default;
    }

    public void End() => IsEnded = true;

    /// <summary>Gives out octets of one record, as many as there is room for.</summary>
    /// <returns>0 if there is no whole one.</returns>
    public int Read(Span<byte> buffer)
    {
        var available = Available();
        var count = Math.Min(buffer.Length, available);
        if (count == 0) return 0;
        _due = available - count;
        if (_left.Length > 0)
        {
            _left.Memory.Span[..count].CopyTo(buffer);
            _left.Advance(count);
        }
        else
        {
            _fresh.Span[..count].CopyTo(buffer);
            _fresh = _fresh[count..];
        }

        return count;
    }

    public void Release()
    {
        _left.Release();
        _fresh = default;
    }

    // Octets up to the end of the record; 0 while it is not whole. What is no record is for the one who decrypts to judge, at once.
    private int Available()
    {
        if (_due > 0) return _due;
        var octets = _left.Length > 0 ? _left.Memory.Span : _fresh.Span;
        if (octets.IsEmpty) return 0;
        var isRecord = octets[0] is >= 20 and <= 23 && (octets.Length < 2 || octets[1] == 3);
        if (!isRecord || IsEnded) return octets.Length;
        if (octets.Length < HeaderSize) return 0;
        var length = HeaderSize + BinaryPrimitives.ReadUInt16BigEndian(octets[3..]);
        return octets.Length >= length ? length : 0;
    }
}
