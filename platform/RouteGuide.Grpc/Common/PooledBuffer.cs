using System.Buffers;
using System.Diagnostics;

namespace Grpc.Internal;

/// <summary>
/// One contiguous buffer that grows, rented from the shared pool. Its owner disposes it; it may be used again after
/// <see cref="Clear"/>, which keeps the memory.
/// </summary>
internal sealed class PooledBuffer : IBufferWriter<byte>, IDisposable
{
    private const int InitialSize = 512;

    private byte[] _buffer = [];
    private int _length;

    /// <summary>Bytes written.</summary>
    public int Length => _length;

    public Memory<byte> WrittenMemory => _buffer.AsMemory(0, _length);

    public Span<byte> WrittenSpan => _buffer.AsSpan(0, _length);

    public void Advance(int count)
    {
        Debug.Assert(count >= 0 && count <= _buffer.Length - _length);
        _length += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        EnsureFree(sizeHint);
        return _buffer.AsMemory(_length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        EnsureFree(sizeHint);
        return _buffer.AsSpan(_length);
    }

    /// <summary>Forgets what was written.</summary>
    public void Clear() => _length = 0;

    public void Dispose()
    {
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        _length = 0;
    }

    private void EnsureFree(int sizeHint)
    {
        var needed = Math.Max(sizeHint, 1);
        if (_buffer.Length - _length >= needed) return;

        var size = Math.Max((long)_length + needed, Math.Max(InitialSize, Math.Min(2L * _buffer.Length, Array.MaxLength)));
        if (size > Array.MaxLength) throw new InvalidOperationException($"A message of {size} bytes does not fit in memory.");

        var bigger = ArrayPool<byte>.Shared.Rent((int)size);
        _buffer.AsSpan(0, _length).CopyTo(bigger);
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = bigger;
    }
}
