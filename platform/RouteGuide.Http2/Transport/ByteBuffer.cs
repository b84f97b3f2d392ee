using System.Buffers;

namespace RouteGuide.Http2.Transport;

/// <summary>Octets in one pooled array. Holds no memory while it is empty, but a small array of its own if it is to; the caller bounds what it puts in.</summary>
/// <param name="retain">Octets of that array; 0 for none.</param>
internal sealed class ByteBuffer(int retain = 0)
{
    private byte[] _own = [];

    private byte[] _octets = [];
    private int _start;
    private int _end;

    public int Length => _end - _start;

    /// <summary>Octets that its array takes.</summary>
    public int Capacity => _octets.Length;

    public ReadOnlyMemory<byte> Memory => _octets.AsMemory(_start, Length);

    public void Append(ReadOnlySpan<byte> octets)
    {
        if (_octets.Length == 0 && octets.Length <= retain)
        {
            if (_own.Length == 0) _own = new byte[retain];
            _octets = _own;
        }

        if (_octets.Length - _end < octets.Length) Grow(2 * (Length + octets.Length));
        octets.CopyTo(_octets.AsSpan(_end));
        _end += octets.Length;
    }

    /// <summary>Makes room for octets that are to come, so that they are not copied as it grows.</summary>
    public void Reserve(int count)
    {
        if (_octets.Length - _end < count) Grow(Length + count);
    }

    /// <summary>Drops octets from the front.</summary>
    public void Advance(int count)
    {
        _start += count;
        if (_start == _end) Release();
    }

    public void Release()
    {
        _start = _end = 0;
        GiveBack();
        _octets = [];
    }

    private void Grow(int size)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(4096, size));
        Memory.Span.CopyTo(larger);
        (_start, _end) = (0, Length);
        GiveBack();
        _octets = larger;
    }

    private void GiveBack()
    {
        if (_octets.Length > 0 && _octets != _own) ArrayPool<byte>.Shared.Return(_octets);
    }
}
