using System.Buffers;

namespace RouteGuide.Http2.Streams;

/// <summary>DATA that waits for window or output: octets in pooled arrays, first in, first out. The caller bounds <see cref="Length"/>.</summary>
/// <param name="memory">Is told what the chunks take.</param>
internal sealed class ChunkQueue(MemoryLedger? memory = null)
{
    private const int SmallestChunk = 1024;
    private const int LargestChunk = 16 * 1024;

    private struct Chunk
    {
        public byte[] Octets;
        public int Start;
        public int End;
    }

    private Chunk[] _ring = []; // a power of two
    private int _first;
    private int _count;

    /// <summary>Octets that wait.</summary>
    public int Length { get; private set; }

    public bool IsEmpty => Length == 0;

    /// <summary>The oldest octets, as many as lie together.</summary>
    public ReadOnlySpan<byte> Peek()
    {
        if (_count == 0) return default;
        ref var chunk = ref _ring[_first];
        return chunk.Octets.AsSpan(chunk.Start, chunk.End - chunk.Start);
    }

    public void Append(ReadOnlySpan<byte> data)
    {
        Length += data.Length;
        while (!data.IsEmpty)
        {
            if (_count == 0 || Last.End == Last.Octets.Length) Push(ArrayPool<byte>.Shared.Rent(Math.Clamp(data.Length, SmallestChunk, LargestChunk)));
            ref var last = ref Last;
            var taken = Math.Min(data.Length, last.Octets.Length - last.End);
            data[..taken].CopyTo(last.Octets.AsSpan(last.End));
            last.End += taken;
            data = data[taken..];
        }
    }

    /// <summary>Drops octets from the front, not more than <see cref="Peek"/> showed.</summary>
    public void Advance(int count)
    {
        ref var chunk = ref _ring[_first];
        chunk.Start += count;
        Length -= count;
        if (chunk.Start == chunk.End) Pop();
    }

    public void Clear()
    {
        while (_count > 0) Pop();
        Length = 0;
    }

    private ref Chunk Last => ref _ring[(_first + _count - 1) & (_ring.Length - 1)];

    private void Push(byte[] octets)
    {
        if (_count == _ring.Length)
        {
            var larger = new Chunk[Math.Max(4, _ring.Length * 2)];
            for (var i = 0; i < _count; i++) larger[i] = _ring[(_first + i) & (_ring.Length - 1)];
            _ring = larger;
            _first = 0;
        }

        memory?.Add(octets.Length);
        _count++;
        Last = new Chunk { Octets = octets };
    }

    private void Pop()
    {
        memory?.Add(-_ring[_first].Octets.Length);
        ArrayPool<byte>.Shared.Return(_ring[_first].Octets);
        _ring[_first] = default;
        _first = (_first + 1) & (_ring.Length - 1);
        _count--;
    }
}
