using System.Buffers;

namespace RouteGuide.Http2;

/// <summary>
/// What a connection wants to send. One contiguous pooled array, so that a flush is one write (and few TLS records); while the transport
/// writes one array, frames collect in the next. An idle connection holds no memory here.
/// </summary>
/// <param name="highWater">Octets above which no more DATA is added: it waits in its stream until the transport has taken some.</param>
/// <param name="hardLimit">Octets above which the peer is given up: it makes us answer and does not read the answers.</param>
/// <param name="whenNotEmpty">Called when the first octet is written after it was empty.</param>
/// <param name="memory">Is told what the arrays take.</param>
internal sealed class OutputBuffer(int highWater, int hardLimit, Action? whenNotEmpty = null, MemoryLedger? memory = null)
{
    // Small enough for a connection that only answers PINGs, large enough to grow to 128 KiB in three steps.
    private const int FirstSize = 4096;

    // How many times the hard limit one turn may produce.
    private const int Unwritten = 16;

    private byte[] _buffer = [];
    private byte[]? _taken;
    private int _usual; // octets of the last flush: the next is likely to be as long, and growing to it costs copies

    /// <summary>Octets written and not yet taken by the transport.</summary>
    public int Length { get; private set; }

    /// <summary>A write is under way: <see cref="Release"/> comes before the next <see cref="Take"/>.</summary>
    public bool IsTaken => _taken is not null;

    /// <summary>DATA has to wait.</summary>
    public bool IsAboveHighWater => Length >= highWater;

    /// <summary>
    /// The peer does not read what it makes us send. While no write is under way nobody could have read it, as when a thousand answers come
    /// in one turn; then it is only kept from growing without bound.
    /// </summary>
    public bool IsAboveHardLimit => Length > (IsTaken ? hardLimit : (long)hardLimit * Unwritten);

    /// <summary>Octets that its arrays take.</summary>
    public int Capacity => _buffer.Length + (_taken?.Length ?? 0);

    /// <summary>Room for at least <paramref name="size"/> octets; call <see cref="Advance"/> with what was used of it.</summary>
    public Span<byte> GetSpan(int size)
    {
        if (_buffer.Length - Length < size) Grow(size);
        return _buffer.AsSpan(Length);
    }

    public void Advance(int count)
    {
        var wasEmpty = Length == 0;
        Length += count;
        if (wasEmpty) whenNotEmpty?.Invoke();
    }

    /// <summary>Hands everything written so far to the transport, which calls <see cref="Release"/> when it is sent.</summary>
    /// <exception cref="InvalidOperationException">The last array is not released yet.</exception>
    public ReadOnlyMemory<byte> Take()
    {
        if (_taken is not null) throw new InvalidOperationException("The output taken before is not released yet.");
        if (Length == 0) return default;
        var taken = _buffer.AsMemory(0, Length);
        _usual = Length;
        _taken = _buffer;
        _buffer = [];
        Length = 0;
        return taken;
    }

    /// <summary>The transport is done with the array that it took.</summary>
    public void Release()
    {
        if (_taken is null) return;
        memory?.Add(-_taken.Length);
        ArrayPool<byte>.Shared.Return(_taken);
        _taken = null;
    }

    /// <summary>Drops everything; the connection is over.</summary>
    public void Clear()
    {
        memory?.Add(-Capacity);
        Length = 0;
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        // The transport may still be writing it, so it goes to nobody else.
        _taken = null;
    }

    private void Grow(int size)
    {
        var wanted = Math.Max(Math.Max(_buffer.Length * 4, FirstSize), Length + size);
        if (_buffer.Length == 0) wanted = Math.Max(wanted, Math.Min(_usual, highWater) + size);
        var larger = ArrayPool<byte>.Shared.Rent(wanted);
        memory?.Add(larger.Length - _buffer.Length);
        _buffer.AsSpan(0, Length).CopyTo(larger);
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
