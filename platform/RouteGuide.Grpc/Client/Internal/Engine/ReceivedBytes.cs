using System.Buffers;

namespace Grpc.Net.Client.Internal.Engine;

/// <summary>Octets of a response that nobody has read yet. Who writes is held back by the stream's window, so it does not grow beyond that.</summary>
internal struct ReceivedBytes
{
    private const int SmallestSize = 512;

    // A larger one goes back when it is empty: streams may be quiet for long.
    private const int LargestKept = 16 * 1024;

    private byte[]? _octets;
    private int _start;
    private int _end;

    public readonly int Length => _end - _start;

    public void Append(ReadOnlySpan<byte> octets)
    {
        if ((_octets?.Length ?? 0) - _end < octets.Length) MakeRoom(octets.Length);
        octets.CopyTo(_octets.AsSpan(_end));
        _end += octets.Length;
    }

    /// <summary>Moves octets out; returns how many.</summary>
    public int Take(Span<byte> destination)
    {
        var count = Math.Min(Length, destination.Length);
        if (count == 0) return 0;
        _octets.AsSpan(_start, count).CopyTo(destination);
        _start += count;
        if (_start < _end) return count;
        _start = _end = 0;
        if (_octets!.Length > LargestKept) Release();
        return count;
    }

    public void Release()
    {
        if (_octets is not null) ArrayPool<byte>.Shared.Return(_octets);
        _octets = null;
        _start = _end = 0;
    }

    private void MakeRoom(int count)
    {
        var length = Length;
        if (_octets is not null && length + count <= _octets.Length && length <= _octets.Length / 2)
        {
            _octets.AsSpan(_start, length).CopyTo(_octets);
        }
        else
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(SmallestSize, Math.Max(2 * length, length + count)));
            _octets.AsSpan(_start, length).CopyTo(larger);
            if (_octets is not null) ArrayPool<byte>.Shared.Return(_octets);
            _octets = larger;
        }

        _start = 0;
        _end = length;
    }
}
